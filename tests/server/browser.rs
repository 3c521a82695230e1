//! A browser as strict as a real one, over a plain socket.

use shared::forms;
use shared::jar::Jar;
use shared::page::Page;

use crate::raw::{Answer, exchange};
use crate::server::{PASSWORD, Server};

pub struct Browser {
    port: u16,
    pub cookies: Jar,
}

impl Browser {
    pub fn of(server: &Server) -> Self {
        Self::at(server.port)
    }

    pub fn at(port: u16) -> Self {
        Self { port, cookies: Jar::default() }
    }

    pub fn copied(&self) -> Self {
        Self { port: self.port, cookies: self.cookies.clone() }
    }

    /// The same cookies, sent to another port.
    pub fn on(&self, port: u16) -> Self {
        Self { port, cookies: self.cookies.clone() }
    }

    /// Asks under the name that the service has at another port.
    pub fn get_as(&self, path: &str, port: u16) -> Answer {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nCookie: {}\r\n\r\n",
            self.cookies.header()
        );
        exchange(self.port, head.as_bytes()).expect("an answer")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    /// Opens the page and sends the form on it.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(path);
        self.post_with(path, &token, fields)
    }

    /// A page, read.
    pub fn page(&self, path: &str) -> Page {
        Page::read(path, &self.get(path).body)
    }

    /// The CSRF token of the form that the page sends to its own address.
    pub fn token(&self, page: &str) -> String {
        self.page(page).own_token()
    }

    /// The CSRF token of the frame's buttons.
    pub fn button(&self) -> String {
        self.page("/account").token_for("/logout")
    }

    pub fn post_with(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
        self.form(path, forms::body(token, fields).as_bytes())
    }

    pub fn form(&self, path: &str, body: &[u8]) -> Answer {
        self.send("POST", path, &self.headers_of_form(body), body)
    }

    fn headers_of_form(&self, body: &[u8]) -> String {
        format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{}",
            body.len(),
            self.ours()
        )
    }

    /// What a browser adds to a form of our own page.
    pub fn ours(&self) -> String {
        format!("Origin: http://localhost:{}\r\nSec-Fetch-Site: same-origin\r\n", self.port)
    }

    pub fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body)
            .unwrap_or_else(|| panic!("{method} {path}: the connection was dropped"))
    }

    /// Opens the page and sends the form on it; the answer, if there was one.
    pub fn try_post(&self, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        let page = Page::read(path, &self.try_send("GET", path, "", b"")?.body);
        let shown = page.field("shown").map(|field| field.value);
        let mut all: Vec<(&str, &str)> = shown.iter().map(|shown| ("shown", &**shown)).collect();
        all.extend(fields);
        let body = forms::body(&page.own_token(), &all);
        self.try_send("POST", path, &self.headers_of_form(body.as_bytes()), body.as_bytes())
    }

    /// The answer, if there was one.
    fn try_send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Option<Answer> {
        let cookies = match self.cookies.header() {
            none if none.is_empty() => none,
            cookies => format!("Cookie: {cookies}\r\n"),
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nConnection: close\r\n{cookies}{headers}\r\n",
            self.port
        );
        let answer = exchange(self.port, &[head.as_bytes(), body].concat())?;
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                self.cookies.take(value);
            }
        }
        Some(answer)
    }

    pub fn cookie(&self, name: &str) -> String {
        self.cookies.get(name).unwrap_or_default()
    }

    pub fn log_in(&self, name: &str) {
        let answer = self.post("/login", &[("login", name), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{}", answer.raw);
    }

    pub fn is_signed_in(&self) -> bool {
        self.get("/account").status == 200
    }
}
