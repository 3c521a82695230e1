//! An application behind a real proxy, as a person meets it in Chromium.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use doorward_browser_tests::{Browser, PASSWORD, Server, free_port, until};
use shared::proxies::{Kind, Proxy};
use thirtyfour::prelude::*;

/// A page with the forms of an application, which forbids all others.
const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Wiki</title><h1>The page of NAME</h1>
<form method=post action=/save><textarea name=text></textarea><button>Save</button></form>
<form action=/search><input name=q><button>Search</button></form>";

/// An application that keeps what it was sent.
struct Application {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Application {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || answer(stream, &kept));
            }
        });
        Self { port, heard }
    }

    /// What came for this path, line and body.
    fn heard(&self, path: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let is_there = |request: &&String| request.split(' ').nth(1) == Some(path);
        heard.iter().filter(is_there).cloned().collect()
    }
}

fn answer(mut stream: TcpStream, heard: &Mutex<Vec<String>>) -> Option<()> {
    let (mut text, mut buffer) = (String::new(), [0; 8192]);
    let (head, mut body) = loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            break (head.to_owned(), body.to_owned());
        }
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            count => text.push_str(&String::from_utf8_lossy(&buffer[..count])),
        }
    };
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut named = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while body.len() < length {
        let count = stream.read(&mut buffer).ok()?;
        body.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    heard.lock().unwrap().push(format!("{}\n{body}", head.lines().next()?));
    let page = PAGE.replace("NAME", &header("remote-user").unwrap_or_default());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Security-Policy: default-src 'none'; form-action 'self'\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    stream.write_all(answer.as_bytes()).ok()
}

struct Place {
    server: Server,
    application: Application,
    proxy: Proxy,
}

impl Place {
    async fn start(kind: Kind) -> Self {
        let settings = [("TRUSTED_PROXIES", "127.0.0.1,::1"), ("REGISTRATION", "closed")];
        let server = Server::start(&settings);
        server.account("ada", &[]);
        let (application, port) = (Application::start(), free_port());
        let one = |slug| {
            format!(
                "[[application]]\nslug = \"{slug}\"\nname = \"{slug}\"\nhosts = [\"{slug}.localhost:{port}\"]\nneeds = \"members\"\nupstream = \"127.0.0.1:{}\"\n",
                application.port
            )
        };
        server.apply(&["wiki", "files"].map(one).concat());
        let command = |arguments: &[&str]| server.command(arguments, "");
        let proxy = Proxy::start(kind, command, server.port(), port, &["wiki", "files"]);
        let place = Self { server, application, proxy };
        // The running server reads the applications twice a second.
        until("the application is guarded", async || place.asked("navigate", "") == "303").await;
        place
    }

    fn at(&self, slug: &str, path: &str) -> String {
        format!("http://{slug}.localhost:{}{path}", self.proxy.port)
    }

    /// Ends the session of the browser.
    async fn end_session(&self, browser: &Browser) {
        let cookie = browser.driver().get_named_cookie("__Host-fa").await.unwrap().value;
        self.server.command(&["session", "revoke", "--account", "ada"], "");
        // The running server hears of it within a second.
        let is_over = async || self.asked("cors", &cookie) == "401";
        until("the session is over", is_over).await;
    }

    /// The status that somebody with this cookie of an entry gets.
    fn asked(&self, mode: &str, cookie: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.proxy.port)).unwrap();
        let port = self.proxy.port;
        let head = format!(
            "GET / HTTP/1.1\r\nHost: wiki.localhost:{port}\r\nSec-Fetch-Mode: {mode}\r\nCookie: __Host-fa={cookie}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// Chromium, signed in and at a page of the application.
    async fn entered(&self, javascript: bool, profile: &std::path::Path) -> Browser {
        let browser = Browser::with(&self.server, javascript, profile).await;
        goto(&browser, &self.at("wiki", "/a?b=c")).await;
        sign_in(&browser).await;
        assert_eq!(url(&browser).await, self.at("wiki", "/a?b=c"));
        browser
    }
}

async fn goto(browser: &Browser, url: &str) {
    browser.driver().goto(url).await.unwrap();
}

async fn url(browser: &Browser) -> String {
    browser.driver().current_url().await.unwrap().to_string()
}

/// Signs in on the page that stands there, and waits for what comes after the page in between.
async fn sign_in(browser: &Browser) {
    browser.fill("login", "ada").await;
    browser.fill("password", PASSWORD).await;
    browser.send().await;
    until("one is led on", async || !browser.text().await.contains("Going on to")).await;
}

async fn the_way_in(kind: Kind) {
    let place = Place::start(kind).await;
    let profile = tempfile::tempdir().unwrap();
    let browser = place.entered(false, profile.path()).await;
    assert!(browser.text().await.contains("The page of ada"), "{}", browser.text().await);
    let cookie = browser.driver().get_named_cookie("__Host-fa").await.unwrap();
    assert!(cookie.value.len() < 100, "{}", cookie.value);
    assert_eq!((cookie.http_only, cookie.secure), (Some(true), Some(true)));
    assert_eq!(cookie.domain.as_deref(), Some("wiki.localhost"), "of this host alone");
    // The second one without a page to see.
    goto(&browser, &place.at("files", "/b")).await;
    assert_eq!(url(&browser).await, place.at("files", "/b"));
    // And in new tabs.
    for tab in 0..10 {
        let new = browser.driver().new_tab().await.unwrap();
        browser.driver().switch_to_window(new).await.unwrap();
        goto(&browser, &place.at(if tab % 2 == 0 { "wiki" } else { "files" }, "/tab")).await;
        assert!(browser.text().await.contains("The page of ada"), "{}", browser.text().await);
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signs_in_to_an_application_behind_nginx_without_javascript() {
    the_way_in(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signs_in_to_an_application_behind_caddy_without_javascript() {
    the_way_in(Kind::Caddy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_after_the_end_arrives_once_when_it_is_reloaded() {
    let place = Place::start(Kind::Nginx).await;
    let profile = tempfile::tempdir().unwrap();
    let browser = place.entered(false, profile.path()).await;
    let driver = browser.driver();
    let typed = "eine lange Überlegung & more";
    let field = driver.find(By::Name("text")).await.unwrap();
    field.send_keys(typed).await.unwrap();
    place.end_session(&browser).await;
    browser.press("Save").await;
    assert!(browser.text().await.contains("Nothing is lost"), "{}", browser.text().await);
    assert!(place.application.heard("/save").is_empty());
    let first = driver.window().await.unwrap();
    driver.find(By::Css("main a[target]")).await.unwrap().click().await.unwrap();
    until("another tab", async || driver.windows().await.unwrap().len() == 2).await;
    let tabs = driver.windows().await.unwrap();
    let other = tabs.into_iter().find(|tab| *tab != first).unwrap();
    driver.switch_to_window(other).await.unwrap();
    until("the page to sign in", async || driver.find(By::Name("login")).await.is_ok()).await;
    sign_in(&browser).await;
    assert_eq!(url(&browser).await, place.at("wiki", "/.doorward/entered"));
    driver.switch_to_window(first).await.unwrap();
    driver.refresh().await.unwrap();
    assert_eq!(url(&browser).await, place.at("wiki", "/save"));
    assert!(browser.text().await.contains("The page of ada"), "{}", browser.text().await);
    let expected = "POST /save HTTP/1.1\ntext=eine+lange+%C3%9Cberlegung+%26+more";
    assert_eq!(place.application.heard("/save"), [expected]);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_sent_after_the_end_arrives() {
    let place = Place::start(Kind::Caddy).await;
    let profile = tempfile::tempdir().unwrap();
    let browser = place.entered(false, profile.path()).await;
    let field = browser.driver().find(By::Name("q")).await.unwrap();
    field.send_keys("harbour").await.unwrap();
    place.end_session(&browser).await;
    browser.press("Search").await;
    // Its own policy lets the form lead nowhere but to itself.
    let there = async || browser.driver().find(By::Name("login")).await.is_ok();
    until("the page to sign in", there).await;
    sign_in(&browser).await;
    assert_eq!(url(&browser).await, place.at("wiki", "/search?q=harbour"));
    assert_eq!(place.application.heard("/search?q=harbour").len(), 1);
    browser.quit().await;
}
