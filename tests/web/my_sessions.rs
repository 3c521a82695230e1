use rocket::http::{Method, Status};
use time::Duration;

use crate::app::{App, Browser};

/// The names of the sessions that can be ended from this page.
async fn others(browser: &Browser<'_>) -> Vec<String> {
    let page = browser.get("/account/sessions").await.page();
    let name = |action: &str| {
        action.strip_prefix("/account/sessions/")?.strip_suffix("/revoke").map(str::to_owned)
    };
    page.forms("post").iter().filter_map(|form| name(&form.action)).collect()
}

#[rocket::async_test]
async fn a_session_is_described_in_words() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let browser = app.browser();
    let token = browser.get("/login").await.csrf();
    let body =
        format!("csrf={token}&login=ada&password={}", shared::forms::encode(crate::app::PASSWORD));
    let headers = [
        ("Sec-Fetch-Site", "same-origin"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ];
    browser.send(Method::Post, "/login", Some(&body), &headers).await;
    let body = browser.get("/account/sessions").await.body;
    assert!(body.contains("Firefox") && body.contains("Linux"), "{body}");
}

#[rocket::async_test]
async fn one_session_is_ended_from_another_on_its_very_next_request() {
    let app = App::start().await;
    let this = app.member("ada").await;
    let that = app.signed_in("ada").await;
    assert!(that.is_signed_in().await);
    let names = others(&this).await;
    assert_eq!(names.len(), 1);
    let path = format!("/account/sessions/{}/revoke", names[0]);
    let answer = this.press("/account/sessions", &path).await;
    assert_eq!(answer.location.as_deref(), Some("/account/sessions"));
    assert!(!that.is_signed_in().await);
    assert!(that.get("/login").await.body.contains("from another browser of yours"));
    assert!(this.is_signed_in().await);
    assert_eq!(this.press("/account/sessions", &path).await.status, Status::NotFound);
}

#[rocket::async_test]
async fn all_others_are_ended_at_once_and_this_one_stays() {
    let app = App::start().await;
    let this = app.member("ada").await;
    let others = [app.signed_in("ada").await, app.signed_in("ada").await];
    let foreign = app.member("bob").await;
    this.press("/account/sessions", "/account/sessions/revoke-others").await;
    for other in others {
        assert!(!other.is_signed_in().await);
    }
    assert!(this.is_signed_in().await && foreign.is_signed_in().await);
}

#[rocket::async_test]
async fn other_peoples_sessions_do_not_exist() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let elsewhere = app.signed_in("ada").await;
    let bob = app.member("bob").await;
    let names = [others(&ada).await, others(&elsewhere).await].concat();
    assert_eq!(names.len(), 2);
    for name in names.iter().map(String::as_str).chain(["nonsense", "AAAAAAAAAAAAAAAAAAAAAA"]) {
        let path = format!("/account/sessions/{name}/revoke");
        assert_eq!(bob.press("/account/sessions", &path).await.status, Status::NotFound);
    }
    assert!(ada.is_signed_in().await && elsewhere.is_signed_in().await);
}

#[rocket::async_test]
async fn ending_sessions_needs_a_recent_login() {
    let app = App::start().await;
    let this = app.member("ada").await;
    let that = app.signed_in("ada").await;
    app.pass(Duration::minutes(6)).await;
    let answer = this.press("/account/sessions", "/account/sessions/revoke-others").await;
    assert_eq!(answer.location.as_deref(), Some("/confirm?next=/account/sessions"));
    assert!(that.is_signed_in().await);
}
