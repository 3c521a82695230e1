//! "A new proof of identity leaves copies behind": giving the password
//! again, changing it, and signing out all others start a new session; nothing
//! of the old one is honoured again (ASVS V7.2.4).

use rocket::http::Status;
use time::Duration;

use crate::app::{App, Browser, PASSWORD};

const NEW: &str = "a lantern in the harbour";

async fn confirm(browser: &Browser<'_>) {
    let answer = browser.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
}

async fn change_password(browser: &Browser<'_>) {
    let fields = [("current_password", PASSWORD), ("new_password", NEW)];
    let answer = browser.post("/account/password", &fields).await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
}

async fn end_others(browser: &Browser<'_>) {
    let answer = browser.press("/account/sessions", "/account/sessions/revoke-others").await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
}

/// Opens the account page with the copy as it is, and with the refresh token alone.
async fn assert_worthless(copy: &Browser<'_>) {
    let bare = copy.copied();
    bare.forget("__Host-at");
    for thief in [copy, &bare] {
        assert!(!thief.is_signed_in().await, "the copy is let in");
        let answer = thief.get("/account").await;
        assert_eq!(answer.location.as_deref(), Some("/login?next=/account"));
        assert!(answer.header("set-cookie").is_none(), "the copy got cookies");
    }
}

#[rocket::async_test]
async fn a_copy_does_not_outlive_the_password_given_again() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let copy = owner.copied();
    confirm(&owner).await;
    assert_worthless(&copy).await;
    assert!(owner.is_signed_in().await);
    app.pass(Duration::minutes(2)).await;
    assert_worthless(&copy).await;
    assert!(owner.is_signed_in().await);
}

#[rocket::async_test]
async fn a_copy_does_not_outlive_a_password_change() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let copy = owner.copied();
    change_password(&owner).await;
    assert_worthless(&copy).await;
    assert!(owner.is_signed_in().await);
}

#[rocket::async_test]
async fn a_copy_of_this_session_is_among_all_others_that_are_signed_out() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let copy = owner.copied();
    end_others(&owner).await;
    assert_worthless(&copy).await;
    assert!(owner.is_signed_in().await);
}

#[rocket::async_test]
async fn a_copy_that_signs_out_all_others_is_ended_by_the_owners_return() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let (copy, late) = (owner.copied(), app.signed_in("ada").await.copied());
    end_others(&copy).await;
    end_others(&copy).await;
    assert_worthless(&owner).await;
    assert_worthless(&late).await;
    app.pass(Duration::minutes(2)).await;
    // Someone who holds the old session a minute later proves that two held it.
    let told = owner.get("/login").await.body;
    assert!(told.contains("used a second time"), "{told}");
    assert_worthless(&copy).await;
    owner.log_in("ada").await;
    // Later the password is asked for.
    let copy = owner.copied();
    app.pass(Duration::minutes(2)).await;
    let answer = copy.press("/account/sessions", "/account/sessions/revoke-others").await;
    assert_eq!(answer.location.as_deref(), Some("/confirm?next=/account/sessions"));
    assert!(owner.is_signed_in().await);
}

#[rocket::async_test]
async fn a_copy_of_before_the_password_ends_nothing() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let copy = owner.copied();
    end_others(&owner).await;
    confirm(&owner).await;
    app.pass(Duration::minutes(2)).await;
    assert_worthless(&copy).await;
    assert!(owner.is_signed_in().await, "its owner has proved who they are since");
}

#[rocket::async_test]
async fn a_generation_that_a_thief_fetched_and_never_showed_is_worthless_afterwards() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    assert!(owner.is_signed_in().await);
    app.pass(Duration::minutes(11)).await;
    let thief = owner.copied();
    thief.forget("__Host-at");
    // Fetched, and kept for later.
    assert!(thief.is_signed_in().await);
    owner.forget("__Host-at");
    confirm(&owner).await;
    for minutes in [0, 2, 20] {
        app.pass(Duration::minutes(minutes)).await;
        assert_worthless(&thief).await;
    }
}

#[rocket::async_test]
async fn a_copy_does_not_inherit_the_fresh_sign_in_of_an_administrator() {
    let app = App::start().await;
    let admin = app.staff("chief", "admin").await;
    app.pass(Duration::minutes(11)).await;
    admin.forget("__Host-at");
    assert!(admin.is_signed_in().await);
    let copy = admin.copied();
    copy.forget("__Host-at");
    confirm(&admin).await;
    let answer = copy.get("/admin/accounts/new").await;
    assert_eq!(answer.status, Status::SeeOther);
    assert!(answer.location.unwrap().starts_with("/login"));
}

#[rocket::async_test]
async fn rights_given_since_the_password_open_only_once_it_is_given_again() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let member = app.member("ada").await;
    let copy = member.copied();
    let id = app.id_of("ada").await;
    let page = format!("/admin/accounts/{id}/roles");
    let shown = chief.get(&page).await;
    let before = shown.value_of("shown");
    let fields = [("shown", &*before), ("role.support", "on"), ("reason", "joins the team")];
    let answer = chief.post_with(&page, &shown.csrf(), &fields).await;
    assert_eq!(answer.location, Some(format!("/admin/accounts/{id}")), "{}", answer.body);
    for browser in [&member, &copy] {
        let answer = browser.get("/admin/accounts").await;
        assert_eq!(answer.location.as_deref(), Some("/confirm?next=/admin/accounts"));
    }
    confirm(&member).await;
    assert_eq!(member.get("/admin/accounts").await.status, Status::Ok);
    assert_worthless(&copy).await;
}

#[rocket::async_test]
async fn a_request_on_its_way_with_the_old_cookies_comes_back_to_where_it_was_going() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let on_its_way = owner.copied();
    confirm(&owner).await;
    let answer = on_its_way.get("/account/sessions").await;
    let to = answer.location.expect("a redirect");
    assert_eq!(to, "/login?next=/account/sessions");
    // By then the browser has the new cookies.
    let answer = owner.get(&to).await;
    assert_eq!(answer.location.as_deref(), Some("/account/sessions"));
}

#[rocket::async_test]
async fn a_form_sent_twice_costs_nobody_the_session() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let token = owner.get("/confirm").await.csrf();
    let twice = owner.copied();
    let fields = [("password", PASSWORD)];
    // The first answer is lost.
    owner.copied().post_with("/confirm", &token, &fields).await;
    let answer = twice.post_with("/confirm", &token, &fields).await;
    assert_eq!(answer.location.as_deref(), Some("/account"));
    assert!(twice.is_signed_in().await);
    // The same for a password change; the old password is then the new one.
    let token = twice.get("/account/password").await.csrf();
    let (lost, again) = (twice.copied(), twice.copied());
    let fields = [("current_password", PASSWORD), ("new_password", NEW)];
    lost.post_with("/account/password", &token, &fields).await;
    let answer = again.post_with("/account/password", &token, &fields).await;
    assert_eq!(answer.location.as_deref(), Some("/account"));
    assert!(again.is_signed_in().await);
}

#[rocket::async_test]
async fn a_form_sent_twice_needs_its_token_its_password_and_its_minute() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let token = owner.get("/confirm").await.csrf();
    let copy = owner.copied();
    confirm(&owner).await;
    let right = [("password", PASSWORD)];
    let wrong = [("password", "not the password")];
    let other = app.member("bob").await.get("/confirm").await.csrf();
    for (token, fields) in [(token.as_str(), &wrong), (other.as_str(), &right)] {
        let thief = copy.copied();
        let answer = thief.post_with("/confirm", token, fields).await;
        assert_ne!(answer.location.as_deref(), Some("/account"));
        assert!(!thief.is_signed_in().await);
    }
    app.pass(Duration::seconds(61)).await;
    let late = copy.copied();
    late.post_with("/confirm", &token, &right).await;
    assert!(!late.is_signed_in().await);
    owner.forget("__Host-at");
    assert!(owner.is_signed_in().await);
}
