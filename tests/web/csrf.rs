use rocket::http::{Method, Status};

use crate::app::{App, PASSWORD};

#[rocket::async_test]
async fn a_form_from_an_old_tab_is_shown_again_with_its_text() {
    let app = App::start().await;
    let browser = app.browser();
    let old = browser.get("/register").await.csrf();
    browser.forget("__Host-pre");
    let fields = [("username", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let answer = browser.post_with("/register", &old, &fields).await;
    assert_eq!(answer.status, Status::Forbidden);
    assert_eq!(answer.value_of("username"), "ada");
    assert!(answer.body.contains("open for too long"), "{}", answer.body);
    let again = browser.post_with("/register", &answer.csrf(), &fields).await;
    assert_eq!(again.status, Status::SeeOther);
}

#[rocket::async_test]
async fn a_token_is_good_for_its_own_form_only() {
    let app = App::start().await;
    let browser = app.browser();
    let token = browser.get("/register").await.csrf();
    let fields = [("login", "ada"), ("password", PASSWORD)];
    assert_eq!(browser.post_with("/login", &token, &fields).await.status, Status::Forbidden);
}

#[rocket::async_test]
async fn a_token_of_one_person_is_no_good_to_another() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let bob = app.member("bob").await;
    let token = bob.get("/account").await.button_csrf();
    assert_eq!(ada.post_with("/logout", &token, &[]).await.status, Status::Forbidden);
    assert!(ada.is_signed_in().await);
}

#[rocket::async_test]
async fn browsers_without_fetch_metadata_are_judged_by_origin_or_referer() {
    let app = App::start().await;
    for (header, value, passes) in [
        ("Origin", "http://localhost:8000", true),
        ("Referer", "http://localhost:8000/account", true),
        ("Origin", "http://localhost:8001", false),
        ("Referer", "http://evil.example/http://localhost:8000/", false),
    ] {
        let browser = app.browser();
        let token = browser.get("/login").await.csrf();
        let body = format!("csrf={token}&login=nobody&password=nothing");
        let answer = browser.send(Method::Post, "/login", Some(&body), &[(header, value)]).await;
        let expected = if passes { Status::Unauthorized } else { Status::Forbidden };
        assert_eq!(answer.status, expected, "{header}: {value}");
    }
}

#[rocket::async_test]
async fn an_odd_body_gets_a_sentence_and_changes_nothing() {
    let app = App::start().await;
    let ours = [("Sec-Fetch-Site", "same-origin")];
    for (odd, status) in [
        ("&username=a&username=b", Status::BadRequest),
        ("&colour=red", Status::BadRequest),
        ("&_method=DELETE", Status::BadRequest),
        ("&username=%ff", Status::BadRequest),
    ] {
        let browser = app.browser();
        let token = browser.get("/register").await.csrf();
        let body = format!("csrf={token}{odd}");
        let answer = browser.send(Method::Post, "/register", Some(&body), &ours).await;
        assert_eq!(answer.status, status, "{odd}");
        assert!(answer.body.contains("Nothing was done"), "{odd}: {}", answer.body);
    }
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let body = format!("_method={method}&username=ada");
        let answer = app.browser().send(Method::Post, "/register", Some(&body), &ours).await;
        assert_eq!(answer.status, Status::BadRequest, "{method}");
    }
    let large = format!("username={}", "a".repeat(17 * 1024));
    let answer = app.browser().send(Method::Post, "/register", Some(&large), &ours).await;
    assert_eq!(answer.status, Status::PayloadTooLarge);
    assert!(answer.body.contains("16 KiB"));
    let largest = &large[..16 * 1024];
    let answer = app.browser().send(Method::Post, "/register", Some(largest), &ours).await;
    assert_eq!(answer.status, Status::Forbidden, "read, and without a token");
}
