//! Bad input in every field of every form: a sentence, never a 500, never a
//! dropped connection, and what was typed is kept.

use std::io::Write;
use std::net::TcpStream;

use shared::forms::encode;
use shared::page::Page;

use crate::browser::Browser;
use crate::raw;
use crate::server::{PASSWORD, Server};

/// Each form by the page it stands on, or by its address, with its fields.
const FORMS: [(&str, &[&str]); 18] = [
    ("/register", &["username", "email", "password"]),
    ("/login", &["login", "password", "next"]),
    ("/setup", &["token", "username", "email", "password"]),
    ("/confirm", &["password", "next"]),
    ("/account/password", &["current_password", "new_password"]),
    ("/account/delete", &["password"]),
    ("/recover", &["new_password"]),
    ("/admin/accounts/new", &["username", "email", "reason", "role.editors"]),
    ("/admin/accounts/<ada>/roles", &["shown", "reason", "role.editors"]),
    ("/admin/accounts/<ada>/recovery", &["reason"]),
    ("/admin/accounts/disable", &["ids", "reason"]),
    ("/admin/accounts/enable", &["ids", "reason"]),
    ("/admin/accounts/end-sessions", &["ids", "reason"]),
    ("/admin/accounts/delete", &["ids", "reason"]),
    ("/admin/sessions/end", &["sid", "reason"]),
    ("/admin/revocations/new", &["token", "reason"]),
    ("/admin/new-role", &["name", "description", "reason"]),
    ("/admin/undo/roles", &["first", "last"]),
];

fn odd_values() -> Vec<(&'static str, String)> {
    vec![
        ("nothing", String::new()),
        ("over-long", "a".repeat(10_000)),
        ("NUL", "a%00b".to_owned()),
        ("control characters", "a%07%1bb".to_owned()),
        ("right-to-left override", encode("ada\u{202e}moc.elpmaxe")),
        ("markup", encode("\"><svg onload=alert(1)>")),
        ("a template", encode("{{7*7}}{% include 'x' %}")),
        ("SQL", encode("' OR 1=1--")),
        ("invalid UTF-8", "a%ff%fe".to_owned()),
        ("a header", "a%0d%0aSet-Cookie: x=y".to_owned()),
    ]
}

/// The path of a fresh recovery link: one that worked is used up.
fn link(server: &Server) -> String {
    let link = server.done(&["recover", "ada"], "");
    link[link.find("/recover/").unwrap()..].trim().to_owned()
}

/// A browser before each form, the page it stands on, and its address.
fn before(server: &Server, form: &str, fields: &[&str]) -> (Browser, String, String) {
    let browser = Browser::of(server);
    if ["/confirm", "/account/password", "/account/delete"].contains(&form) {
        browser.log_in("ada");
    }
    let (mut path, mut id) = (form.to_owned(), String::new());
    if form.starts_with("/admin") {
        browser.log_in("chief");
        let shown = server.done(&["account", "show", "ada"], "");
        shown.split('\t').next().unwrap().clone_into(&mut id);
        path = path.replace("<ada>", &id);
    }
    // Some forms stand only on the page of somebody to whom the act happens.
    let page = match form {
        _ if form.starts_with("/admin/undo") => "/admin".to_owned(),
        _ if fields.contains(&"ids") => format!("{path}?id={id}"),
        "/admin/sessions/end" => format!("{path}?account=chief"),
        _ => path.clone(),
    };
    (browser, page, path)
}

#[test]
fn every_field_of_every_form_takes_anything_and_answers_with_a_sentence() {
    let server = Server::start();
    server.account("ada", &[]);
    for (form, fields) in FORMS {
        if form == "/admin/accounts/new" {
            // With an administrator there is no setup any more.
            server.account("chief", &["admin"]);
        }
        let (browser, page, path) = before(&server, form, fields);
        for field in fields {
            for (what, value) in odd_values() {
                let renewed = (form == "/recover").then(|| link(&server));
                let (page, path) =
                    (renewed.as_ref().unwrap_or(&page), renewed.as_ref().unwrap_or(&path));
                let shown = browser.get(page);
                let read = Page::read(page, &shown.body);
                let lone = form.starts_with("/admin/undo");
                let token = if lone { read.token_for("/logout") } else { read.own_token() };
                assert!(shown.status == 200 && !token.is_empty(), "{form}: {}", shown.raw);
                let others = fields.iter().filter(|other| *other != field);
                let others: String =
                    others.map(|other| format!("&{other}=something+else")).collect();
                let answer =
                    browser.form(path, format!("csrf={token}&{field}={value}{others}").as_bytes());
                assert_ne!(answer.status, 403, "its token is right: {form}: {}", answer.raw);
                // A password or a reason may hold what a name may not; `next` falls back to one
                // of our pages; nothing `shown` is right for somebody without roles; and where no session is
                // named, none ends.
                let may_pass = ["next", "new_password", "reason", "shown", "sid"].contains(field);
                let harmless = may_pass && answer.status < 400;
                assert!(
                    harmless || (400..500).contains(&answer.status),
                    "{form} {field} {what}: {}",
                    answer.raw
                );
                assert!(
                    harmless || answer.body.contains("<h1"),
                    "{form} {field} {what}: {}",
                    answer.body
                );
                assert!(!answer.body.contains("<svg onload"), "{form} {field} {what}");
                assert!(!answer.body.contains("49{%"), "{form} {field} {what}");
                assert!(
                    answer
                        .headers
                        .iter()
                        .all(|(name, value)| name != "set-cookie" || !value.starts_with("x="))
                );
            }
        }
    }
}

#[test]
fn a_body_that_is_no_form_of_ours_is_refused_in_words() {
    let server = Server::start();
    let browser = Browser::of(&server);
    let ours = browser.ours();
    let fields = format!("username=ada&email=ada%40example.org&password={}", encode(PASSWORD));
    for (what, kind, body, status) in [
        ("JSON", "application/json", r#"{"username":"ada"}"#.to_owned(), 415),
        (
            "multipart",
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada\r\n--x--\r\n"
                .to_owned(),
            415,
        ),
        ("text", "text/plain", fields.clone(), 415),
        ("no kind", "", fields.clone(), 415),
        (
            "a field twice",
            "application/x-www-form-urlencoded",
            format!("{fields}&username=bob"),
            400,
        ),
        (
            "an unknown field",
            "application/x-www-form-urlencoded",
            format!("{fields}&role=admin"),
            400,
        ),
        (
            "_method first",
            "application/x-www-form-urlencoded",
            format!("_method=GET&{fields}"),
            400,
        ),
        (
            "_method HEAD",
            "application/x-www-form-urlencoded",
            format!("_method=HEAD&{fields}"),
            400,
        ),
        (
            "_method DELETE",
            "application/x-www-form-urlencoded",
            format!("_method=DELETE&{fields}"),
            400,
        ),
        ("_method last", "application/x-www-form-urlencoded", format!("{fields}&_method=PUT"), 400),
        (
            "a megabyte",
            "application/x-www-form-urlencoded",
            format!("username={}", "a".repeat(1_000_000)),
            413,
        ),
    ] {
        let kind =
            if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let headers = format!("{kind}Content-Length: {}\r\n{ours}", body.len());
        let answer = browser.send("POST", "/register", &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{what}: {}", answer.raw);
        assert!(answer.body.contains("<h1") && answer.body.contains('.'), "{what}");
    }
}

#[test]
fn a_body_that_stops_half_way_is_answered() {
    let server = Server::start();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: localhost:{}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlogin=ada&password=",
        server.port
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let answer = raw::read(&mut stream).expect("an answer");
    assert_eq!(answer.status, 408, "{}", answer.raw);
    assert!(answer.body.contains("did not arrive in time"));
}

#[test]
fn the_api_answers_bad_input_in_json() {
    let server = Server::start();
    let browser = Browser::of(&server);
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ("[\"ada\",\"quiet river under stone\"]", 400),
        (" [\"ada\",\"x\",null]", 400),
        ("{\"login\":\"ada\"}", 400),
        ("{\"login\":\"a\\u0000b\",\"password\":\"x\"}", 401),
        ("{\"login\":\"ada\",\"password\":\"x\",\"password\":\"y\"}", 400),
    ] {
        let headers =
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let answer = browser.send("POST", "/api/login", &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{body}: {}", answer.raw);
        assert!(
            answer.body.starts_with('{') && answer.body.contains("\"message\""),
            "{}",
            answer.body
        );
    }
}
