//! "another web site | a visitor's browser | nothing: every form needs its own
//! token and comes from our own origin (`Sec-Fetch-Site`, `Origin`), cookies are
//! `__Host-`, pages cannot be framed".

use rocket::http::{ContentType, Header, Method, Status};
use shared::forms::encode;

use crate::app::{Answer, App, Browser, PASSWORD};

const EVIL: (&str, &str) = ("Origin", "https://evil.example");

/// Neither drawn inside another page nor read by its scripts.
fn keeps_to_itself(answer: &Answer, path: &str) {
    assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
    for (name, _) in &answer.headers {
        assert!(!name.to_lowercase().starts_with("access-control"), "{path}: {name}");
    }
}

#[rocket::async_test]
async fn no_answer_can_be_framed_or_read_by_another_site() {
    let app = App::start().await;
    let visitor = app.staff("chief", "admin").await;
    let id = app.id_of("chief").await;
    for browser in [&app.browser(), &visitor] {
        let mut paths = app.addresses(Method::Get);
        paths.extend(["/nowhere", "/account/../login", "/api/nowhere"].map(str::to_owned));
        for pattern in paths {
            let path = pattern.replace("<id>", &id).replace("<name>", "editors");
            let answer = browser.send(Method::Get, &path, None, &[EVIL]).await;
            keeps_to_itself(&answer, &path);
            let asks = [EVIL, ("Access-Control-Request-Method", "POST")];
            keeps_to_itself(&browser.send(Method::Options, &path, None, &asks).await, &path);
        }
        let sent = browser.send(Method::Post, "/logout", Some("csrf=x"), &[EVIL]).await;
        keeps_to_itself(&sent, "POST /logout");
    }
}

async fn send(visitor: &Browser<'_>, path: &str, kind: &str, body: &str) -> Status {
    let mut request = visitor.app.client.post(path.to_owned()).body(body);
    for (name, value) in [("Host", "localhost:8000"), ("Content-Type", kind)] {
        request.add_header(Header::new(name, value.to_owned()));
    }
    // Worse than any site can make it: the browser calls it one of our pages.
    request.add_header(Header::new("Sec-Fetch-Site", "same-origin"));
    request.add_header(Header::new("Cookie", visitor.cookies.header()));
    request.dispatch().await.status()
}

#[rocket::async_test]
async fn no_form_of_another_site_does_anything_with_tokens_of_its_author() {
    let app = App::start().await;
    let visitor = app.staff("chief", "admin").await;
    let author = app.member("eve").await;
    let mut tokens = vec![author.token().await, app.browser().get("/login").await.csrf()];
    for page in ["/confirm", "/account/password", "/account/delete"] {
        tokens.push(author.get(page).await.csrf());
    }
    let before = visitor.get("/account/data.json").await.body;
    for pattern in app.addresses(Method::Post) {
        if pattern.starts_with("/api/") || pattern == "/setup" || pattern.contains("<token>") {
            continue; // Without cookies there is nobody to borrow.
        }
        let path = pattern.replace("<id>", &app.id_of("eve").await).replace("<name>", "editors");
        for token in &tokens {
            let body =
                format!("csrf={}&password={}&reason=because", encode(token), encode(PASSWORD));
            for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"] {
                let status = send(&visitor, &path, kind, &body).await;
                assert!((400..500).contains(&status.code), "{path} as {kind}: {status}");
            }
        }
    }
    assert_eq!(visitor.get("/account/data.json").await.body, before);
}

#[rocket::async_test]
async fn nobody_is_signed_in_to_an_attackers_account_by_a_form() {
    let app = App::start().await;
    app.account("eve", &[]).await;
    let attacker = app.browser();
    let theirs = attacker.get("/login").await.csrf();
    let visitor = app.browser();
    visitor.get("/login").await;
    let answer =
        visitor.post_with("/login", &theirs, &[("login", "eve"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::Forbidden);
    assert!(!visitor.is_signed_in().await);
    // Signing in as a script hands out no cookie that a browser would keep.
    let body = format!(r#"{{"login":"eve","password":"{PASSWORD}"}}"#);
    for kind in [ContentType::JSON, ContentType::Plain, ContentType::Form] {
        let request = app.client.post("/api/login").header(kind.clone()).body(&body);
        let answer = request.header(Header::new("Host", "localhost:8000")).dispatch().await;
        assert!(answer.headers().get_one("Set-Cookie").is_none(), "{kind}");
        assert_eq!(answer.status() == Status::Ok, kind == ContentType::JSON, "{kind}");
    }
}
