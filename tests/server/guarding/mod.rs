//! An application behind real proxies, each with the configuration that the
//! program prints: what a visitor gets, and what the application is told.

mod cluster;
mod radicale;
mod spellings;
mod tokens;
mod upstream;
mod verifiers;
mod visitor;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use shared::jar::Jar;
use shared::proxies::{Kind, Proxy};

use self::spellings::spellings;
use self::tokens::scripts;
use self::upstream::Upstream;
use self::verifiers::{Language, Verifier, forgeries};
use crate::browser::Browser;
use crate::raw::{Answer, exchange};
use crate::server::{Server, free_port, wait};

const RULES: &str = r#"
[[application.rule]]
path = "/admin*"
needs = "roles"
roles = ["editor"]

[[application.rule]]
path = "/public/*"
needs = "public"

[[application.rule]]
path = "/reading/*"
needs = "public"
reading_only = true
"#;

struct Place {
    server: Server,
    upstream: Upstream,
    proxy: Proxy,
}

impl Place {
    fn with(kind: Kind) -> Self {
        Self::before(Upstream::start(), kind)
    }

    fn before(upstream: Upstream, kind: Kind) -> Self {
        let settings =
            [("DOORWARD_TRUSTED_PROXIES", "127.0.0.1"), ("DOORWARD_REGISTRATION", "closed")];
        let server = Server::with(&settings);
        let port = free_port();
        server.done(&["role", "add", "editor"], "");
        let file = server.folder.path().join("applications.toml");
        let application = |slug: &str| {
            format!(
                "[[application]]\nslug = \"{slug}\"\nname = \"{slug}\"\nhosts = [\"{slug}.localhost:{port}\"]\nneeds = \"members\"\nidentity = \"both\"\nupstream = \"127.0.0.1:{}\"\n{RULES}\n",
                upstream.port
            )
        };
        std::fs::write(&file, application("wiki") + &application("files")).unwrap();
        server.done(&["application", "apply", file.to_str().unwrap()], "");
        let slugs: &[&str] = if kind == Kind::Haproxy { &["wiki"] } else { &["wiki", "files"] };
        let command = |arguments: &[&str]| server.done(arguments, "");
        let proxy = Proxy::start(kind, command, server.port, port, slugs);
        let place = Self { server, upstream, proxy };
        // The running server reads the applications twice a second.
        wait(|| place.visitor().go("/").status == 303);
        place
    }

    fn visitor(&self) -> Visitor<'_> {
        Visitor {
            place: self,
            here: Browser::of(&self.server),
            there: Jar::default(),
            slug: "wiki",
        }
    }

    fn signed_in(&self, name: &str) -> Visitor<'_> {
        let visitor = self.visitor();
        visitor.here.log_in(name);
        visitor.enter();
        visitor
    }
}

/// A browser with cookies of our host and of that of an application.
struct Visitor<'a> {
    place: &'a Place,
    here: Browser,
    there: Jar,
    slug: &'static str,
}

const GOES: &str = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nAccept: text/html\r\n";
const FETCHES: &str = "Sec-Fetch-Mode: cors\r\n";

impl Visitor<'_> {
    fn host(&self) -> String {
        format!("{}.localhost:{}", self.slug, self.place.proxy.port)
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let cookies = match self.there.header() {
            none if none.is_empty() => none,
            cookies => format!("Cookie: {cookies}\r\n"),
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{cookies}{headers}\r\n",
            self.host()
        );
        let answer = exchange(self.place.proxy.port, &[head.as_bytes(), body].concat());
        let answer = answer.unwrap_or_else(|| panic!("{method} {path}: no answer"));
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                self.there.take(value);
            }
        }
        answer
    }

    fn go(&self, path: &str) -> Answer {
        self.send("GET", path, GOES, b"")
    }

    fn fetch(&self, path: &str) -> Answer {
        self.send("GET", path, FETCHES, b"")
    }

    fn enter(&self) {
        let mut to = self.go("/a?b=c").header("location").expect("led away").to_owned();
        for _ in 0..6 {
            let rest = to.strip_prefix("http://").unwrap();
            let (host, path) = rest.split_at(rest.find('/').unwrap());
            if host == self.host() && path == "/a?b=c" {
                return;
            }
            let answer = match host == self.host() {
                true => self.go(path),
                false => self.here.get(path),
            };
            let next = answer.header("location").unwrap_or_else(|| panic!("{to}: {}", answer.raw));
            to = match next.starts_with('/') {
                true => format!("http://{host}{next}"),
                false => next.to_owned(),
            };
        }
        panic!("without end: {to}");
    }
}

/// The value of a header as the application got it; nothing without one.
fn told(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.raw);
    let lines = answer.body.lines().filter_map(|line| line.split_once(':'));
    let mut named = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

fn strangers(place: &Place) {
    let stranger = place.visitor();
    let before = place.upstream.count();
    let answer = stranger.go("/a?b=c");
    let expected = format!("http://{}/.doorward/enter?to=%2Fa%3Fb%3Dc", stranger.host());
    assert_eq!((answer.status, answer.header("location")), (303, Some(&*expected)));
    let head = stranger.send("HEAD", "/a", GOES, b"");
    assert_eq!((head.status, &*head.body), (303, ""));
    for headers in [FETCHES, "Accept: */*\r\n"] {
        let answer = stranger.send("GET", "/a", headers, b"");
        assert_eq!((answer.status, answer.header("location")), (401, None), "{}", answer.raw);
        assert!(answer.body.contains("login_required"), "{}", answer.raw);
    }
    let websocket = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let raw = format!("GET /ws HTTP/1.1\r\nHost: {}\r\n{websocket}\r\n", stranger.host());
    assert!(first_bytes(place.proxy.port, raw.as_bytes()).starts_with("HTTP/1.1 401"));
    let form =
        format!("{GOES}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n");
    let answer = stranger.send("POST", "/edit", &form, b"a=b");
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("Nothing is lost"), "{}", answer.raw);
    assert_eq!(place.upstream.count(), before, "the application saw nothing of it");
    let answer = stranger.fetch("/public/a");
    assert_eq!(told(&answer, "remote-user"), "");
}

/// Websockets stay open, so it is not read to its end.
fn first_bytes(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(bytes).unwrap();
    let (mut all, mut buffer) = (vec![], [0; 4096]);
    while let Ok(count) = stream.read(&mut buffer) {
        all.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&all);
        if count == 0 || !text.contains("101") || text.contains("hello") {
            break;
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn identity(place: &Place, kind: Kind) {
    let ada = place.signed_in("ada");
    let answer = ada.go("/a?x=1");
    assert!(answer.body.starts_with("GET /a?x=1 HTTP"), "{}", answer.body);
    assert_eq!(told(&answer, "remote-user"), "ada");
    assert_eq!(told(&answer, "remote-groups"), "editor");
    // What the visitor sends of these never arrives, under any spelling.
    let forged = "Remote-User: evil\r\nRemote-Groups: evil\r\nRemote-Name: evil\r\nRemote-Email: evil\r\nX-Doorward-Assertion: evil\r\nRemote_User: evil\r\nRemote.User: evil\r\nX_Doorward_Assertion: evil\r\nX.Doorward.Assertion: evil\r\nX-Doorward_Assertion: evil\r\n";
    for (visitor, name) in [(&ada, "ada"), (&place.visitor(), "")] {
        let answer = visitor.send("GET", "/public/a", &format!("{FETCHES}{forged}"), b"");
        assert_eq!(told(&answer, "remote-user"), name);
        let heard = answer.body.to_lowercase();
        assert!(!heard.contains("evil"), "{kind:?}: {heard}");
    }
    // lighttpd, for one, takes any of these for the hyphen.
    for character in "!#$%&'*+.^_`|~".chars() {
        let forged = format!("{FETCHES}Remote{character}User: evil\r\n");
        let answer = ada.send("GET", "/public/a", &forged, b"");
        assert!(!answer.body.contains("evil"), "{kind:?}: {}", answer.body);
    }
    // Nor are headers that name another request.
    let other = "X-Forwarded-Host: files.localhost\r\nX-Forwarded-Uri: /public/a\r\nX-Forwarded-Method: HEAD\r\nX-Forwarded-Proto: https\r\nX-Original-URL: /public/a\r\nX-Original-URI: /public/a\r\n";
    let stranger = place.visitor();
    assert_eq!(stranger.send("GET", "/a", &format!("{FETCHES}{other}"), b"").status, 401);
    // No header can be removed on the last hop.
    let taken = format!("{FETCHES}Connection: close, Remote-User, X-Doorward-Assertion\r\n");
    let head = format!(
        "GET /a HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n{taken}\r\n",
        ada.host(),
        ada.there.header()
    );
    let answer = exchange(place.proxy.port, head.as_bytes()).unwrap();
    assert_eq!(told(&answer, "remote-user"), "ada", "{kind:?}: {}", answer.body);
}

fn assertions(place: &Place, kind: Kind) {
    let ada = place.signed_in("ada");
    let assertion = told(&ada.go("/a"), "x-doorward-assertion");
    assert_eq!(told(&place.visitor().fetch("/public/a"), "x-doorward-assertion"), "");
    for language in [Language::Python, Language::Node] {
        let server = place.server.port;
        let wiki = Verifier::new(language, server, &format!("http://{}", ada.host()));
        let said = wiki.read(&assertion).unwrap_or_else(|why| panic!("{kind:?}: {why}"));
        assert_eq!(
            (&said["preferred_username"], &said["groups"][0]),
            (&"ada".into(), &"editor".into())
        );
        let files = Verifier::new(language, server, "http://files.localhost");
        let why = files.read(&assertion).unwrap_err().to_lowercase();
        assert!(why.contains("aud"), "{language:?}: {why}");
        for forged in forgeries(&assertion) {
            let why = wiki.read(&forged).unwrap_err().to_lowercase();
            assert!(why.contains("signature"), "{language:?}: {why}");
        }
        assert!(wiki.read("").is_err());
    }
}

fn bodies(place: &Place, kind: Kind) {
    let ada = place.signed_in("ada");
    let form = format!("{GOES}Content-Type: application/x-www-form-urlencoded\r\n");
    let body = vec![b'a'; 1 << 20];
    let length = format!("{form}Content-Length: {}\r\n", body.len());
    let answer = ada.send("POST", "/edit", &length, &body);
    assert!(answer.body.ends_with("BODY 1048576\n"), "{kind:?}: {} {}", answer.status, answer.body);
    let chunked = format!("{form}Transfer-Encoding: chunked\r\n");
    let answer = ada.send("POST", "/edit", &chunked, b"5\r\nhello\r\n0\r\n\r\n");
    assert!(answer.body.ends_with("BODY 5\n"), "{kind:?}: {} {}", answer.raw, place.proxy.log());
    let websocket = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ada.host(),
        ada.there.header()
    );
    let answer = first_bytes(place.proxy.port, websocket.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 101") && answer.contains("hello"), "{kind:?}: {answer}");
    for value in ["Basic YXBwOmFwcA==", "Bearer other", "word"] {
        let answer = ada.send("GET", "/a", &format!("Authorization: {value}\r\n"), b"");
        assert_eq!(told(&answer, "authorization"), value, "{kind:?}");
    }
    let cookies = format!("Cookie: first=1; {}; last=2\r\n", ada.there.header());
    let bare = Visitor { there: Jar::default(), ..place.visitor() };
    let answer = bare.send("GET", "/a", &format!("{FETCHES}{cookies}"), b"");
    let cookies = told(&answer, "cookie");
    assert!(cookies.contains("first=1") && cookies.contains("last=2"), "{kind:?}: {cookies}");
    if kind != Kind::Traefik {
        assert!(!cookies.contains("fa1."), "{kind:?}: {cookies}");
    }
    let long = format!("/a?{}", "x".repeat(7000));
    assert_eq!(ada.fetch(&long).status, 200, "{kind:?}");
}

fn endings(place: &Place) {
    let ada = place.signed_in("ada");
    assert_eq!(ada.fetch("/a").status, 200);
    let answer = ada.here.form("/logout", format!("csrf={}", ada.here.button()).as_bytes());
    assert_eq!(answer.status, 303);
    assert_eq!(ada.fetch("/a").status, 401, "with the very next request");
    let bob = place.signed_in("bob");
    let page = bob.go("/admin");
    assert_eq!(page.status, 403);
    assert!(page.body.contains("You are signed in as bob."), "{}", page.raw);
    assert_eq!(bob.fetch("/admin").status, 403);
    for path in [
        "/public/../admin",
        "/public/%2e%2e/admin",
        "/public%2f..%2fadmin",
        "/public/..;/admin",
        "//admin",
        "/ADMIN",
        "/public/a%2fb/%2e%2e/%2e%2e/admin",
    ] {
        let status = bob.fetch(path).status;
        assert!(status >= 400, "{path}: {status}");
    }
    for path in [
        "/.doorward/check",
        "/.doorward/../auth/verify/wiki",
        "/.doorward/%2e%2e/auth/verify/wiki",
        "/auth/verify/wiki",
    ] {
        let answer = bob.fetch(path);
        assert_eq!(answer.header("remote-user"), None, "{path}: {}", answer.raw);
    }
}

fn contract(kind: Kind) {
    let mut place = Place::with(kind);
    place.server.account("ada", &["editor"]);
    place.server.account("bob", &[]);
    strangers(&place);
    spellings(&place, kind);
    identity(&place, kind);
    scripts(&place, kind);
    assertions(&place, kind);
    bodies(&place, kind);
    endings(&place);
    let ada = place.signed_in("ada");
    let cookies = ada.there.clone();
    place.server.kill();
    let before = place.upstream.count();
    let ada = Visitor { there: cookies, ..place.visitor() };
    let status = ada.fetch("/a").status;
    assert!([403, 500, 502, 503].contains(&status), "{kind:?}: {status}");
    assert_eq!(place.upstream.count(), before);
}

#[test]
fn nginx_guards_an_application() {
    contract(Kind::Nginx);
}

#[test]
fn caddy_of_debian_guards_an_application() {
    contract(Kind::Caddy);
}

#[test]
fn the_present_caddy_guards_an_application() {
    contract(Kind::NewCaddy);
}

#[test]
fn traefik_guards_an_application() {
    contract(Kind::Traefik);
}

#[test]
fn haproxy_guards_an_application() {
    contract(Kind::Haproxy);
}
