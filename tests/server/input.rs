//! Bad input in every field of every form: a sentence, never a 500, never a
//! dropped connection, and what was typed is kept.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use shared::forms::encode;
use shared::page::{Field, Page};
use shared::routes::{self, filled, form_to, page_of};

use crate::browser::Browser;
use crate::raw;
use crate::server::{PASSWORD, Server, wait};

/// The fields of the form, and the page it stands on.
struct Shown {
    browser: Browser,
    page: String,
    path: String,
    fields: Vec<Field>,
}

/// Fields that may hold what a name may not: a password or a reason; `next`
/// and `back` fall back to one of our pages; nothing `shown` is right for
/// somebody without roles; where no session is named, none ends; the box `tokens`
/// need not be ticked; and a password manager's field is not used.
fn may_hold_anything(field: &Field) -> bool {
    let is_owner =
        field.name == "username" && field.autocomplete == "username" && field.kind == "text";
    let names = ["back", "next", "new_password", "reason", "shown", "sid", "tokens"];
    names.contains(&&*field.name) || is_owner && !field.value.is_empty()
}

/// Fields of names and the like: words that are none of these are refused.
const NAMES: [&str; 6] = ["username", "email", "login", "token", "name", "description"];

/// Whether a person writes into it in words of their own.
fn takes_words(field: &Field) -> bool {
    ["text", "textarea"].contains(&&*field.kind) && !NAMES.contains(&&*field.name)
}

/// What may come, and whether words of one's own may be so.
fn odd_values() -> Vec<(&'static str, String, bool)> {
    vec![
        ("nothing", String::new(), true),
        ("over-long", "a".repeat(10_000), false),
        ("NUL", "a%00b".to_owned(), false),
        ("control characters", "a%07%1bb".to_owned(), false),
        ("right-to-left override", encode("ada\u{202e}moc.elpmaxe"), true),
        ("markup", encode("\"><svg onload=alert(1)>"), true),
        ("a template", encode("{{7*7}}{% include 'x' %}"), true),
        ("SQL", encode("' OR 1=1--"), true),
        ("invalid UTF-8", "a%ff%fe".to_owned(), false),
        ("a header", "a%0d%0aSet-Cookie: x=y".to_owned(), false),
    ]
}

/// The path of a fresh recovery link: one that worked is used up.
fn link(server: &Server) -> String {
    let link = server.done(&["recover", "bob"], "");
    link[link.find("/recover/").unwrap()..].trim().to_owned()
}

/// An application with a rule, as it was before.
pub fn guard_wiki(server: &Server) {
    let file = server.folder.path().join("applications.toml");
    let text = "[[application]]\nslug = \"wiki\"\nname = \"Wiki\"\nhosts = [\"wiki.localhost:9000\"]\nneeds = \"nobody\"\n[[application.rule]]\npath = \"/a\"\nneeds = \"nobody\"\n";
    fs::write(&file, text).unwrap();
    server.done(&["application", "apply", file.to_str().unwrap(), "--yes"], "");
}

/// A browser before the form of that address.
fn before(server: &Server, address: &str) -> Shown {
    let browser = Browser::of(server);
    let id = &server.each(&["account", "show", "ada"], "id")[0];
    let (mut page, mut path) = (filled(page_of(address), id), filled(address, id));
    if address.starts_with("/admin") {
        browser.log_in("chief");
        // So that she has a session to end.
        Browser::of(server).log_in("ada");
    } else if address.starts_with("/account") || ["/confirm", "/leave"].contains(&address) {
        browser.log_in("ada");
        if address.starts_with("/account/tokens/<tid>") {
            server.done(&["token", "add", "ada", "--all-applications"], "");
        }
    } else if address == "/recover/<token>" {
        page = link(server);
        path.clone_from(&page);
    }
    let shown = Page::read(&page, &browser.get(&page).body);
    let mut fields = match form_to(&shown, address) {
        // Its form stands in the message after an act.
        None if address.starts_with("/admin/undo/") => {
            let field = |name: &str| Field { name: name.to_owned(), ..Field::default() };
            vec![field("first"), field("last")]
        }
        form => form.unwrap_or_else(|| panic!("no form is sent to {address}")).fields(),
    };
    // One role stands for all.
    fields.retain(|field| {
        field.name != "csrf" && (!field.name.starts_with("role.") || field.name == "role.editors")
    });
    Shown { browser, page, path, fields }
}

/// Forms with more than a button, those of a service without administrator first.
fn forms() -> Vec<String> {
    let forms = routes::forms().into_iter().filter(|route| route.form != "Button");
    let mut forms: Vec<String> = forms.map(|route| route.address).collect();
    forms.sort_by_key(|address| address.starts_with("/admin"));
    forms
}

#[test]
fn every_field_of_every_form_takes_anything_and_answers_with_a_sentence() {
    let server = Server::start();
    server.account("ada", &["editors"]);
    server.account("bob", &[]);
    guard_wiki(&server);
    let (mut count, mut has_admin) = (0, false);
    for address in forms() {
        if address.starts_with("/admin") && !has_admin {
            // With an administrator there is no setup any more.
            server.account("chief", &["admin"]);
            has_admin = true;
        }
        let Shown { browser, page, path, fields } = before(&server, &address);
        for field in &fields {
            for (what, value, in_words) in odd_values() {
                let renewed = (address == "/recover/<token>").then(|| link(&server));
                let (page, path) =
                    (renewed.as_ref().unwrap_or(&page), renewed.as_ref().unwrap_or(&path));
                let mut shown = browser.get(page);
                if shown.status != 200 && address.starts_with("/admin") {
                    // What was sent before was in order, and has been done.
                    server.run(&["role", "add", "editors"], "");
                    server.done(&["account", "set-roles", "ada", "editors"], "");
                    guard_wiki(&server);
                    if !browser.is_signed_in() {
                        browser.log_in("chief");
                    }
                    // The server reads applications twice a second.
                    wait(|| browser.get(page).status == 200);
                    shown = browser.get(page);
                }
                let read = Page::read(page, &shown.body);
                let lone = address.starts_with("/admin/undo");
                let token = if lone { read.token_for("/logout") } else { read.token_for(path) };
                assert!(shown.status == 200 && !token.is_empty(), "{address}: {}", shown.raw);
                let name = &field.name;
                let others = fields.iter().filter(|other| other.name != *name);
                let others: String =
                    others.map(|other| format!("&{}=something+else", other.name)).collect();
                let answer =
                    browser.form(path, format!("csrf={token}&{name}={value}{others}").as_bytes());
                let about = format!("{address} {name} {what}: {}", answer.raw);
                assert_ne!(answer.status, 403, "its token is right: {about}");
                let may_pass = may_hold_anything(field) || in_words && takes_words(field);
                let harmless = may_pass && answer.status < 400;
                assert!(harmless || (400..500).contains(&answer.status), "{about}");
                assert!(harmless || answer.body.contains("<h1"), "{about}");
                assert!(!answer.body.contains("<svg onload"), "{about}");
                assert!(!answer.body.contains("49{%"), "{about}");
                let is_set = |(name, value): &(String, String)| {
                    name == "set-cookie" && value.starts_with("x=")
                };
                assert!(!answer.headers.iter().any(is_set), "{about}");
                count += 1;
            }
        }
    }
    assert!(count > 450, "{count}");
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
