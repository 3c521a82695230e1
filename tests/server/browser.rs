//! A browser as strict as a real one, over a plain socket.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::raw::{Answer, exchange};
use crate::server::{PASSWORD, Server};

pub struct Browser {
    port: u16,
    pub cookies: RefCell<BTreeMap<String, String>>,
}

pub fn encode(text: &str) -> String {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    text.bytes()
        .map(|b| if safe(&b) { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

impl Browser {
    pub fn of(server: &Server) -> Self {
        Self::at(server.port)
    }

    pub fn at(port: u16) -> Self {
        Self { port, cookies: RefCell::default() }
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
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nCookie: {}\r\n\r\n",
            cookies.join("; ")
        );
        exchange(self.port, head.as_bytes()).expect("an answer")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    /// Opens the page and sends the form on it.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = csrf(&self.get(path).body);
        self.post_with(path, &token, fields)
    }

    pub fn post_with(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = [("csrf", token)]
            .iter()
            .chain(fields)
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        self.form(path, pairs.join("&").as_bytes())
    }

    pub fn form(&self, path: &str, body: &[u8]) -> Answer {
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{}",
            body.len(),
            self.ours()
        );
        self.send("POST", path, &headers, body)
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
        let page = self.try_send("GET", path, "", b"")?.body;
        let (token, shown) = (value_after("name=\"csrf\"", &page), "name=\"shown\"");
        let hidden = [("csrf", token), ("shown", value_after(shown, &page))];
        let hidden = &hidden[..if page.contains(shown) { 2 } else { 1 }];
        let pairs: Vec<String> = hidden
            .iter()
            .map(|(name, value)| (*name, &**value))
            .chain(fields.iter().copied())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let body = pairs.join("&");
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{}",
            body.len(),
            self.ours()
        );
        self.try_send("POST", path, &headers, body.as_bytes())
    }

    /// The answer, if there was one.
    fn try_send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Option<Answer> {
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = if cookies.is_empty() {
            String::new()
        } else {
            format!("Cookie: {}\r\n", cookies.join("; "))
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nConnection: close\r\n{cookies}{headers}\r\n",
            self.port
        );
        let answer = exchange(self.port, &[head.as_bytes(), body].concat())?;
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                self.keep(value);
            }
        }
        Some(answer)
    }

    fn keep(&self, line: &str) {
        let (pair, attributes) = line.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(attributes.split(';').any(|part| part.trim() == attribute), "{line}");
        }
        assert!(name.starts_with("__Host-") && !attributes.contains("Domain"), "{line}");
        if attributes.contains("Max-Age=0") {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
    }

    pub fn cookie(&self, name: &str) -> String {
        self.cookies.borrow().get(name).cloned().unwrap_or_default()
    }

    pub fn log_in(&self, name: &str) {
        let answer = self.post("/login", &[("login", name), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{}", answer.raw);
    }

    pub fn is_signed_in(&self) -> bool {
        self.get("/account").status == 200
    }
}

/// The CSRF token of the page's main form: the first one.
pub fn csrf(page: &str) -> String {
    value_after("name=\"csrf\"", page)
}

fn value_after(marker: &str, page: &str) -> String {
    let field = page.split(marker).nth(1).unwrap_or_default();
    let value = field.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().to_owned()
}
