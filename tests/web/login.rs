use doorward::domain::accounts::names::LoginName;
use doorward::domain::administration::{self, BulkAction};
use doorward::domain::audit::RequestSource;
use doorward::domain::sessions::Actor;
use rocket::http::Status;
use time::Duration;

use crate::app::{App, PASSWORD};

#[rocket::async_test]
async fn one_logs_in_by_user_name_or_address_however_written() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    for name in ["ada", "ADA", " ada ", "ada@example.org", "Ada@Example.ORG"] {
        let browser = app.browser();
        assert_eq!(browser.log_in(name).await.status, Status::SeeOther, "{name}");
        assert!(browser.is_signed_in().await, "{name}");
    }
}

#[rocket::async_test]
async fn an_unknown_name_and_a_wrong_password_read_the_same() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let wrong = app.browser().log_in_with("ada", "not her password").await;
    let unknown = app.browser().log_in_with("bob", "not her password").await;
    assert_eq!(wrong.status, Status::Unauthorized);
    assert_eq!(unknown.status, Status::Unauthorized);
    let plain = |answer: &crate::app::Answer, name: &str| {
        answer.body.replace(&answer.csrf(), "").replace(&answer.button_csrf(), "").replace(name, "")
    };
    assert_eq!(plain(&wrong, "ada"), plain(&unknown, "bob"));
    assert!(wrong.body.contains("is wrong"));
    assert_eq!(wrong.value_of("login"), "ada", "what was typed is kept");
    let names = |answer: &crate::app::Answer| {
        answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&wrong), names(&unknown));
}

#[rocket::async_test]
async fn a_disabled_account_is_told_so_only_after_the_right_password() {
    let app = App::start().await;
    let ada = app.account("ada", &[]).await;
    let origin = RequestSource::command_line();
    let actor = Actor::operator(&origin);
    let now = app.clock().now();
    administration::apply(&app.doorward.sessions, BulkAction::Disable, &[ada.id], actor, now)
        .await
        .unwrap();
    let right = app.browser().log_in("ada").await;
    assert!(right.body.contains("is disabled"), "{}", right.body);
    let wrong = app.browser().log_in_with("ada", "not her password").await;
    assert!(wrong.body.contains("is wrong") && !wrong.body.contains("is disabled"));
}

#[rocket::async_test]
async fn one_returns_to_the_page_asked_for_and_never_elsewhere() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let browser = app.browser();
    let asked = browser.get("/account/sessions").await.location.unwrap();
    let token = browser.get(&asked).await;
    assert_eq!(token.value_of("next"), "/account/sessions");
    for (next, to) in [
        ("/account/sessions", "/account/sessions"),
        ("//evil.example", "/account"),
        ("https://evil.example/", "/account"),
        ("/\\evil.example", "/account"),
        ("javascript:alert(1)", "/account"),
        ("/%2f%2fevil.example", "/account"),
        ("/account\r\nSet-Cookie: a=b", "/account"),
    ] {
        let fields = [("login", "ada"), ("password", PASSWORD), ("next", next)];
        let answer = app.browser().post("/login", &fields).await;
        assert_eq!(answer.location.as_deref(), Some(to), "{next}");
    }
}

#[rocket::async_test]
async fn staff_begin_at_the_dashboard_and_members_at_their_account() {
    let app = App::start().await;
    for (name, roles, start) in [
        ("ada", &[][..], "/account"),
        ("bob", &["editors"], "/account"),
        ("reader", &["auditor"], "/admin"),
        ("helper", &["support"], "/admin"),
        ("chief", &["admin"], "/admin"),
    ] {
        app.account(name, roles).await;
        let browser = app.browser();
        assert_eq!(browser.log_in(name).await.location.as_deref(), Some(start), "{name}");
        assert_eq!(browser.get(start).await.status, Status::Ok, "{name}");
        // The sign-in page leads on to the same place.
        assert_eq!(browser.get("/login").await.location.as_deref(), Some(start), "{name}");
        let fields = [("login", name), ("password", PASSWORD), ("next", "/account/sessions")];
        let answer = app.browser().post("/login", &fields).await;
        assert_eq!(answer.location.as_deref(), Some("/account/sessions"), "{name}");
    }
}

#[rocket::async_test]
async fn remember_me_decides_whether_the_cookie_outlives_the_browser() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let line = |answer: &crate::app::Answer| {
        let mut lines = answer.headers.iter().map(|(_, value)| value.clone());
        lines.find(|value| value.starts_with("__Host-rt=")).unwrap()
    };
    assert!(!line(&app.browser().log_in("ada").await).contains("Max-Age"));
    let fields = [("login", "ada"), ("password", PASSWORD), ("remember", "on")];
    let remembered = line(&app.browser().post("/login", &fields).await);
    assert!(remembered.ends_with(&format!("Max-Age={}", 30 * 24 * 3600)), "{remembered}");
}

#[rocket::async_test]
async fn every_login_is_a_new_session_and_ends_the_one_before_in_that_browser() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let old = browser.copied();
    let before = browser.cookie("__Host-rt").unwrap();
    // The log-in page leads a signed-in person on; its form still works.
    app.account("bob", &[]).await;
    let second = app.browser();
    let token = second.get("/login").await.csrf();
    browser.cookies.add_all(&second.cookies);
    let stale =
        browser.post_with("/login", &token, &[("login", "bob"), ("password", PASSWORD)]).await;
    assert_eq!(stale.status, Status::Forbidden, "the token was for another session");
    let answer = browser
        .post_with("/login", &stale.csrf(), &[("login", "bob"), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_ne!(browser.cookie("__Host-rt").unwrap(), before);
    assert!(!old.is_signed_in().await);
}

#[rocket::async_test]
async fn logging_out_ends_the_session_and_clears_the_browser() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let copy = browser.copied();
    let answer = browser.press("/account", "/logout").await;
    assert_eq!(answer.location.as_deref(), Some("/login"));
    assert_eq!(answer.header("clear-site-data"), Some(r#""cache", "storage""#));
    assert!(browser.cookie("__Host-at").is_none() && browser.cookie("__Host-rt").is_none());
    assert!(browser.get("/login").await.body.contains("You are signed out"));
    assert!(!copy.is_signed_in().await, "nor does a copy of the cookies help");
}

#[rocket::async_test]
async fn an_expired_access_token_is_refreshed_inside_the_request() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let before = browser.cookie("__Host-rt").unwrap();
    app.pass(Duration::minutes(11)).await;
    browser.forget("__Host-at");
    assert!(browser.is_signed_in().await);
    assert_ne!(browser.cookie("__Host-rt").unwrap(), before);
    // Also where a catcher answers: what was set is not lost.
    app.pass(Duration::minutes(11)).await;
    let before = browser.cookie("__Host-rt").unwrap();
    assert_eq!(browser.get("/admin/accounts").await.status, Status::Forbidden);
    assert_ne!(browser.cookie("__Host-rt").unwrap(), before);
}

#[rocket::async_test]
async fn a_form_posted_after_eleven_minutes_is_not_lost() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    browser.log_in("ada").await;
    let token = browser.get("/confirm").await.csrf();
    app.pass(Duration::minutes(11)).await;
    browser.forget("__Host-at");
    let answer = browser.post_with("/confirm", &token, &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_eq!(answer.location.as_deref(), Some("/account"));
}

#[rocket::async_test]
async fn the_browser_is_told_why_it_was_signed_out() {
    let app = App::start().await;
    let now = || app.clock().now();
    let sessions = &app.doorward.sessions;
    let origin = RequestSource::command_line();
    let actor = Actor::operator(&origin);
    let why = async |browser: &crate::app::Browser<'_>| browser.get("/login").await.body;

    let idle = app.member("idle").await;
    app.pass(Duration::hours(13)).await;
    assert!(why(&idle).await.contains("had not been used for a while"));

    let absolute = app.member("absolute").await;
    for _ in 0..3 {
        app.pass(Duration::hours(7)).await;
        assert!(absolute.is_signed_in().await);
    }
    app.pass(Duration::hours(4)).await;
    assert!(why(&absolute).await.contains("maximum length"));

    let ended = app.member("ended").await;
    let account = doorward::domain::accounts::by_login_name(
        app.doorward.db.read(),
        &LoginName::parse("ended"),
    )
    .await
    .unwrap();
    administration::apply(sessions, BulkAction::EndSessions, &[account.id], actor, now())
        .await
        .unwrap();
    assert!(why(&ended).await.contains("by an administrator"));

    let disabled = app.member("disabled").await;
    let account = doorward::domain::accounts::by_login_name(
        app.doorward.db.read(),
        &LoginName::parse("disabled"),
    )
    .await
    .unwrap();
    administration::apply(sessions, BulkAction::Disable, &[account.id], actor, now())
        .await
        .unwrap();
    assert!(why(&disabled).await.contains("was disabled"));

    let owner = app.member("copied").await;
    let thief = owner.copied();
    app.pass(Duration::minutes(11)).await;
    assert!(owner.is_signed_in().await && owner.is_signed_in().await);
    app.pass(Duration::minutes(2)).await;
    assert!(!thief.is_signed_in().await);
    assert!(why(&thief).await.contains("used a second time"));
    assert!(why(&owner).await.contains("used a second time"), "both sides must log in");
}

#[rocket::async_test]
async fn when_the_database_is_gone_nobody_is_taken_for_a_stranger() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    app.doorward.db.clone().close().await;
    app.clock().advance(Duration::minutes(11));
    let answer = browser.get("/account").await;
    assert_eq!(answer.status, Status::ServiceUnavailable);
    assert!(answer.header("retry-after").is_some());
    assert!(browser.cookie("__Host-rt").is_some());
}

#[rocket::async_test]
async fn a_full_hashing_queue_asks_to_try_again_and_keeps_the_text() {
    let app = App::with_real_hashes(&[("throttle_name", "0")]).await;
    let browser = app.browser();
    let token = browser.get("/login").await.csrf();
    let fields = [("login", "ada"), ("password", "not her password")];
    let all = (0..120).map(|_| browser.post_with("/login", &token, &fields));
    let answers = rocket::futures::future::join_all(all).await;
    let busy: Vec<_> =
        answers.iter().filter(|answer| answer.status == Status::ServiceUnavailable).collect();
    assert!(!busy.is_empty() && busy.len() < answers.len());
    for answer in busy {
        assert_eq!(answer.header("retry-after"), Some("2"));
        assert!(answer.value_of("login") == "ada" && answer.body.contains("busy"));
    }
}
