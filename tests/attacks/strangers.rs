//! "a stranger on the internet | … answers that tell no account from no
//! account": of every two refused sign-ins, by any client and however often,
//! nothing but what was typed differs. (`guessing.rs` has the rest of the row.)

use doorward::domain::administration::{self, BulkAction};
use doorward::domain::audit::RequestSource;
use doorward::domain::sessions::Actor;
use rocket::http::{ContentType, Header};
use serde_json::json;

use crate::app::{Answer, App};

/// All that a stranger sees, without what is random in every answer.
fn seen(answer: &Answer, name: &str) -> String {
    let varies = ["x-request-id", "set-cookie", "date"];
    let headers =
        answer.headers.iter().filter(|(name, _)| !varies.contains(&&*name.to_lowercase()));
    let cookies = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let cookies: Vec<_> = cookies.map(|(_, line)| line.split('=').next()).collect();
    let shown = name.replace('@', "&#x40;");
    let mut body = answer.body.clone();
    for token in [answer.csrf(), answer.button_csrf()].iter().filter(|token| !token.is_empty()) {
        body = body.replace(token, "TOKEN");
    }
    let body = body.replace(name, "NAME").replace(&shown, "NAME");
    let headers: Vec<_> = headers.filter(|(name, _)| name != "content-length").collect();
    format!("{} {headers:?} {cookies:?}\n{body}", answer.status)
}

#[rocket::async_test]
async fn no_answer_tells_an_account_from_none_until_the_password_is_right() {
    let app = App::start().await;
    app.account("ada", &["admin"]).await;
    let off = app.account("bob", &[]).await.id;
    let cli = RequestSource::command_line();
    let (sessions, by, now) = (&app.doorward.sessions, Actor::operator(&cli), app.clock().now());
    administration::apply(sessions, BulkAction::Disable, &[off], by, now).await.unwrap();
    let all = ["ada", "ada@example.org", "bob", "bob@example.org", "eve", "eve@example.org"];
    let mut answers: Vec<Vec<String>> = vec![];
    for (place, name) in all.iter().enumerate() {
        // Also when the throttling begins, and for how long.
        let browser = app.browser_at(&format!("198.51.{place}.1"));
        let mut told = vec![];
        for _ in 0..8 {
            told.push(seen(&browser.log_in_with(name, "not the password").await, name));
        }
        answers.push(told);
    }
    for (name, told) in all.iter().zip(&answers) {
        assert_eq!(told, &answers[0], "{name}");
    }
    assert!(answers[0][0].starts_with("401") && answers[0][7].starts_with("429"));
}

#[rocket::async_test]
async fn nor_does_the_answer_to_a_script() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let mut answers = vec![];
    for (place, name) in ["ada", "ada@example.org", "eve", "eve@example.org"].iter().enumerate() {
        let mut told = vec![];
        for _ in 0..8 {
            let body = json!({ "login": name, "password": "not the password" }).to_string();
            let request = app.client.post("/api/login").header(ContentType::JSON).body(body);
            let request = request.header(Header::new("Host", "localhost:8000"));
            let answer = request.remote(([198, 51, place as u8, 1], 5000).into()).dispatch().await;
            let (status, wait) = (answer.status(), answer.headers().get_one("Retry-After"));
            let line = format!("{status} {wait:?}");
            told.push(format!("{line} {}", answer.into_string().await.unwrap()));
        }
        answers.push(told);
    }
    assert!(answers.iter().all(|told| told == &answers[0]), "{answers:#?}");
}
