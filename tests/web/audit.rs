//! What is recorded, and what happens when nothing can be.

use doorward::domain::audit::{self, Event, Filter};
use doorward::domain::{accounts, credentials, sessions};
use rocket::http::Status;
use time::Duration;

use crate::app::{App, PASSWORD};

const NEW: &str = "a lantern in the harbour";

/// The names of the events so far, the oldest first.
pub async fn events(app: &App) -> Vec<String> {
    let rows = audit::list(app.doorward.db.read(), &Filter::default(), i64::MAX, 100).await;
    rows.unwrap().into_iter().rev().map(|row| row.event).collect()
}

#[rocket::async_test]
async fn each_thing_a_person_does_is_written_down_once() {
    let app = App::start().await;
    let browser = app.browser();
    let fields = [("username", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    browser.post("/register", &fields).await;
    browser.log_in_with("ada", "not her password").await;
    browser.log_in_with("nobody", "not her password").await;
    browser.log_in("ada").await;
    app.pass(Duration::minutes(6)).await;
    browser.post("/confirm", &[("password", PASSWORD)]).await;
    let passwords = [("current_password", PASSWORD), ("new_password", NEW)];
    browser.post("/account/password", &passwords).await;
    let thief = browser.copied();
    for one in [&browser, &thief, &browser] {
        app.pass(Duration::minutes(11)).await;
        one.forget("__Host-at");
        // The second time with the new token: so it is known to have arrived.
        one.get("/account").await;
        one.get("/account").await;
    }
    let browser = app.browser();
    browser.log_in_with("ada", NEW).await;
    browser.get("/admin").await;
    browser.press("/account", "/logout").await;
    let expected = [
        accounts::events::REGISTERED,
        accounts::events::LOGIN_FAILED,
        accounts::events::LOGIN_FAILED,
        sessions::events::LOGGED_IN,
        credentials::events::CONFIRMED,
        credentials::events::PASSWORD_CHANGED,
        sessions::events::REFRESH_REUSE,
        sessions::events::LOGGED_IN,
        accounts::events::DENIED,
        sessions::events::LOGGED_OUT,
    ];
    assert_eq!(events(&app).await, expected.map(Event::name));
}

#[rocket::async_test]
async fn a_row_says_when_who_what_where_and_why() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let browser = app.browser_at("192.0.2.7");
    browser.log_in_as("ada", "Mozilla/5.0 (X11; Linux) \u{1b}[31m Firefox/140.0").await;
    let rows = audit::list(app.doorward.db.read(), &Filter::default(), i64::MAX, 1).await.unwrap();
    let row = &rows[0];
    assert_eq!(row.event, "auth.login.ok");
    assert!(row.actor.is_some() && row.actor == row.target);
    assert_eq!((row.session.len(), row.address.as_str()), (8, "192.0.2.7"));
    assert!(row.user_agent.contains("Firefox") && !row.user_agent.contains(char::is_control));
    assert!(app.clock().now().since(row.at) < Duration::minutes(1), "in UTC");
}

#[rocket::async_test]
async fn a_database_that_fails_lets_nobody_in_and_says_when_to_come_again() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let login = chief.get("/login").await.status;
    assert_eq!(login, Status::SeeOther, "signed in");
    let stranger = app.browser();
    let token = stranger.get("/login").await.csrf();
    let pages = ["/admin", "/admin/accounts", "/account/sessions", "/account/password"];
    let act = chief.get("/account").await.button_csrf();
    app.doorward.db.clone().close().await;
    for page in pages {
        let answer = chief.get(page).await;
        assert_eq!(answer.status, Status::ServiceUnavailable, "{page}");
        assert!(answer.header("Retry-After").is_some(), "{page}");
        assert!(!answer.body.contains("sqlx") && !answer.body.contains("pool"), "{}", answer.body);
    }
    for path in ["/logout", "/account/sessions/revoke-others"] {
        let answer = chief.post_with(path, &act, &[]).await;
        assert_eq!(answer.status, Status::ServiceUnavailable, "{path}");
    }
    let fields = [("login", "chief"), ("password", PASSWORD)];
    let answer = stranger.post_with("/login", &token, &fields).await;
    assert_eq!(answer.status, Status::ServiceUnavailable);
    assert!(stranger.cookie("__Host-at").is_none());
    chief.forget("__Host-at");
    assert_eq!(chief.get("/account").await.status, Status::ServiceUnavailable, "not signed out");
    assert!(chief.cookie("__Host-rt").is_some());
}
