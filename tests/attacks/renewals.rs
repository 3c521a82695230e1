//! "A copy gains nothing by the acts that start a new session":
//! a new session is for the one who proves who they are, and for nobody else.

use rocket::http::Status;
use time::Duration;

use crate::app::{Answer, App, Browser, PASSWORD};

async fn sign_out_others(browser: &Browser<'_>) -> Answer {
    browser.press("/account/sessions", "/account/sessions/revoke-others").await
}

async fn guess(browser: &Browser<'_>) -> Status {
    browser.post("/confirm", &[("password", "not the password")]).await.status
}

/// The owner's browser goes on, also once its access token has run out.
async fn assert_signed_in(owner: &Browser<'_>) {
    assert!(owner.is_signed_in().await);
    owner.forget("__Host-at");
    assert!(owner.is_signed_in().await);
}

#[rocket::async_test]
async fn a_copy_cannot_sign_its_owner_out_and_keep_the_session_for_itself() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    app.pass(Duration::minutes(3)).await;
    let thief = owner.copied();
    let answer = sign_out_others(&thief).await;
    assert_eq!(answer.location.as_deref(), Some("/confirm?next=/account/sessions"));
    assert_signed_in(&owner).await;
}

#[rocket::async_test]
async fn an_access_token_alone_buys_no_session() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let thief = owner.copied();
    thief.forget("__Host-rt");
    sign_out_others(&thief).await;
    assert_eq!(thief.cookie("__Host-rt"), None);
    assert_signed_in(&owner).await;
}

#[rocket::async_test]
async fn a_copy_that_is_let_in_without_tokens_buys_no_session() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    assert!(owner.is_signed_in().await);
    let thief = owner.copied();
    thief.forget("__Host-at");
    owner.forget("__Host-at");
    // The next generation is fetched and shown.
    assert!(owner.is_signed_in().await && owner.is_signed_in().await);
    assert!(thief.is_signed_in().await, "on its way, as far as anybody can tell");
    sign_out_others(&thief).await;
    assert_eq!(thief.cookie("__Host-at"), None);
    assert_signed_in(&owner).await;
}

#[rocket::async_test]
async fn a_session_under_a_new_name_has_no_new_guesses() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let thief = owner.copied();
    for _ in 0..10 {
        assert_eq!(guess(&thief).await, Status::UnprocessableEntity);
    }
    assert_eq!(guess(&thief).await, Status::TooManyRequests);
    // At once after the owner proved who they are, a copy is as good as the original.
    assert_eq!(sign_out_others(&thief).await.status, Status::SeeOther);
    assert!(thief.is_signed_in().await);
    assert_eq!(guess(&thief).await, Status::TooManyRequests);
}

#[rocket::async_test]
async fn signing_out_all_others_is_not_done_without_end() {
    let app = App::start().await;
    let member = app.member("ada").await;
    let mut done = 0;
    while sign_out_others(&member).await.status == Status::SeeOther {
        done += 1;
        assert!(done <= 60, "each of them leaves rows behind");
    }
    assert!(done >= 10, "{done}");
    assert_signed_in(&member).await;
}

#[rocket::async_test]
async fn a_dead_copy_ends_nothing_by_signing_in_to_another_account() {
    let app = App::start().await;
    app.account("mallory", &[]).await;
    let owner = app.member("ada").await;
    let thief = owner.copied();
    let answer = owner.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_eq!(thief.log_in("mallory").await.status, Status::SeeOther);
    assert_signed_in(&owner).await;
}

#[rocket::async_test]
async fn a_form_sent_twice_gets_nothing_once_the_tokens_have_arrived() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let token = owner.get("/confirm").await.csrf();
    let thief = owner.copied();
    owner.post_with("/confirm", &token, &[("password", PASSWORD)]).await;
    assert!(owner.is_signed_in().await);
    thief.post_with("/confirm", &token, &[("password", PASSWORD)]).await;
    assert!(!thief.is_signed_in().await);
    assert_signed_in(&owner).await;
}
