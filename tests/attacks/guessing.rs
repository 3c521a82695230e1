//! "A stranger … gets as many guesses as the throttling lets through": guesses
//! sign nobody out, and keep nobody out who signed in before.

use rocket::futures::future::{join, join_all};
use rocket::http::Status;
use serde_json::{Value, json};
use time::Duration;

use crate::app::{App, PASSWORD};

/// Wrong passwords at every name of Ada's, from everywhere, until all are turned away.
async fn use_up(app: &App) {
    for number in 0..40 {
        for name in ["ada", "ada@example.org"] {
            let stranger = app.browser_at(&format!("198.51.100.{number}"));
            stranger.log_in_with(name, "a guess").await;
        }
    }
    let new = app.browser_at("203.0.113.1").log_in("ada").await;
    assert_eq!(new.status, Status::TooManyRequests, "a browser that nobody knows");
}

async fn script(app: &App, device_token: Option<&Value>) -> (Status, Value) {
    let mut request = app.client.post("/api/login");
    request.add_header(rocket::http::ContentType::JSON);
    request.add_header(rocket::http::Header::new("Host", "localhost:8000"));
    let body = json!({ "login": "ada", "password": PASSWORD, "device_token": device_token });
    let answer = request.body(body.to_string()).dispatch().await;
    let status = answer.status();
    (status, serde_json::from_str(&answer.into_string().await.unwrap()).unwrap())
}

#[rocket::async_test]
async fn a_stranger_who_guesses_at_every_name_keeps_nobody_out_who_signed_in_before() {
    let app = App::start().await;
    let signed_in = app.member("ada").await;
    let known = app.signed_in("ada").await;
    known.press("/account", "/logout").await;
    let (_, first) = script(&app, None).await;
    // Every hour again, for a week: also past a hundred in a row.
    for _ in 0..8 {
        use_up(&app).await;
        app.pass(Duration::hours(1)).await;
        assert!(signed_in.is_signed_in().await);
    }
    use_up(&app).await;
    assert_eq!(known.log_in("ada").await.status, Status::SeeOther);
    use_up(&app).await;
    let (status, answer) = script(&app, Some(&first["device_token"])).await;
    assert_eq!(status, Status::Ok, "{answer}");
    use_up(&app).await;
    let confirmed = signed_in.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(confirmed.status, Status::SeeOther);
}

#[rocket::async_test]
async fn strangers_who_fill_the_hashing_queue_keep_out_neither_known_browsers_nor_the_signed_in() {
    let app = App::with_real_hashes(&[]).await;
    let mut staff = vec![];
    for number in 0..6 {
        let browser = app.staff(&format!("staff-{number}"), "support").await;
        staff.push((browser.get("/confirm").await.csrf(), browser));
    }
    let mut known = vec![];
    for number in 0..6 {
        let browser = app.member(&format!("member-{number}")).await;
        browser.press("/account", "/logout").await;
        known.push((browser.get("/login").await.csrf(), browser));
    }
    let mut strangers = vec![];
    for number in 0..120 {
        let browser = app.browser_at(&format!("2001:db8:{number:x}::1"));
        strangers.push((browser.get("/login").await.csrf(), browser));
    }
    let guesses = strangers.iter().enumerate().map(|(number, (token, browser))| async move {
        let name = format!("name-{number}");
        browser.post_with("/login", token, &[("login", &name), ("password", "a guess")]).await
    });
    let honest = known.iter().enumerate().map(|(number, (token, browser))| async move {
        let name = format!("member-{number}");
        browser.post_with("/login", token, &[("login", &name), ("password", PASSWORD)]).await
    });
    let confirmed = staff
        .iter()
        .map(|(token, browser)| browser.post_with("/confirm", token, &[("password", PASSWORD)]));
    let (guesses, (honest, confirmed)) =
        join(join_all(guesses), join(join_all(honest), join_all(confirmed))).await;
    let busy = guesses.iter().filter(|answer| answer.status == Status::ServiceUnavailable);
    assert!(busy.count() > 10, "more strangers than there are places");
    for answer in honest.into_iter().chain(confirmed) {
        assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
    }
}
