use doorward::base::store::Exported;
use rocket::http::Status;
use time::Duration;

use crate::app::{App, PASSWORD};

const NEW: &str = "a lantern in the harbour";

#[rocket::async_test]
async fn the_account_page_says_who_one_is_and_what_happened_since() {
    let app = App::start().await;
    let first = app.member("ada").await;
    assert!(first.get("/account").await.body.contains("ada@example.org"));
    app.browser().log_in_with("ada", "not her password").await;
    app.browser().log_in_with("ada", "nor is this").await;
    let second = app.signed_in("ada").await;
    let body = second.get("/account").await.body;
    assert!(body.contains("2 sign-ins with your name have failed since then"), "{body}");
}

#[rocket::async_test]
async fn a_failed_login_shows_at_once_on_a_page_already_looked_at() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    assert!(!browser.get("/account").await.body.contains("has failed"));
    app.browser().log_in_with("ada", "not her password").await;
    assert!(browser.get("/account").await.body.contains("One sign-in with your name has failed"));
}

#[rocket::async_test]
async fn a_display_name_is_changed_by_its_owner_and_told_in_the_log() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let helper = app.staff("helper", "support").await;
    let id = app.id_of("ada").await;
    let of_staff = format!("/admin/accounts/{id}/edit");
    let names = [("username", "ada"), ("email", "ada@example.org"), ("shown_username", "ada")];
    let fields = [
        &names[..],
        &[("shown_email", "ada@example.org"), ("display_name", "Ida")],
        &[("reason", "asked for by phone")],
    ]
    .concat();
    helper.post(&of_staff, &fields).await;
    let undo = helper.get("/admin/accounts").await.hidden();
    let path = "/account/display-name";
    assert_eq!(ada.get(path).await.value_of("display_name"), "Ida");
    let refused = ada.post(path, &[("display_name", &*"x".repeat(65))]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(!refused.field_error("display_name").is_empty(), "{}", refused.body);
    let done = ada.post(path, &[("display_name", "Ada Lovelace")]).await;
    assert_eq!(done.location.as_deref(), Some("/account"));
    let page = ada.get("/account").await;
    assert!(page.body.contains("Your display name was changed."), "{}", page.body);
    assert!(page.page().texts("dd").contains(&"Ada Lovelace".to_owned()), "{}", page.body);
    let story = helper.get(&format!("/admin/accounts/{id}")).await.page().texts(".story span");
    assert!(story[0].contains("display name from Ida to Ada Lovelace"), "{story:?}");
    // There and back: the name is what staff made it, and yet its owner wants it so.
    ada.post(path, &[("display_name", "Ida")]).await;
    helper.post_with("/admin/undo/edit", &helper.token().await, &undo.pairs()).await;
    assert!(helper.get("/admin/accounts").await.body.contains("can no longer be undone"));
    assert_eq!(ada.get(path).await.value_of("display_name"), "Ida");
    ada.post(path, &[("display_name", "Ida")]).await;
    assert!(ada.get("/account").await.body.contains("Nothing changed."));
    ada.post(path, &[("display_name", "")]).await;
    assert!(!ada.get("/account").await.page().texts("dt").contains(&"Display name".to_owned()));
}

#[rocket::async_test]
async fn changing_the_password_ends_the_others_and_keeps_this_one_with_new_tokens() {
    let app = App::start().await;
    let this = app.member("ada").await;
    let other = app.signed_in("ada").await;
    let copy = this.copied();
    let fields = [("current_password", PASSWORD), ("new_password", NEW)];
    let answer = this.post("/account/password", &fields).await;
    assert_eq!(answer.location.as_deref(), Some("/account"), "{}", answer.body);
    assert!(this.get("/account").await.body.contains("Your password was changed"));
    assert!(!other.is_signed_in().await);
    assert!(other.get("/login").await.body.contains("password of this account was changed"));
    assert_ne!(copy.cookie("__Host-at"), this.cookie("__Host-at"));
    assert_eq!(app.browser().log_in("ada").await.status, Status::Unauthorized);
    assert_eq!(app.browser().log_in_with("ada", NEW).await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn the_old_access_token_dies_with_the_old_password() {
    let app = App::start().await;
    let this = app.member("ada").await;
    let thief = this.copied();
    thief.forget("__Host-rt");
    assert!(thief.is_signed_in().await);
    let fields = [("current_password", PASSWORD), ("new_password", NEW)];
    this.post("/account/password", &fields).await;
    assert!(!thief.is_signed_in().await);
}

#[rocket::async_test]
async fn a_password_change_needs_the_current_one_and_a_fit_new_one() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    for (current, new, field) in [
        ("not her password", NEW, "current_password"),
        ("", NEW, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "", "new_password"),
    ] {
        let fields = [("current_password", current), ("new_password", new)];
        let answer = browser.post("/account/password", &fields).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "{current} {new}");
        assert!(!answer.field_error(field).is_empty(), "{current} {new}: {}", answer.body);
    }
    assert_eq!(app.browser().log_in("ada").await.status, Status::SeeOther, "unchanged");
}

#[rocket::async_test]
async fn sensitive_pages_ask_for_the_password_again_after_five_minutes() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    for path in ["/account/password", "/account/delete"] {
        assert_eq!(browser.get(path).await.status, Status::Ok, "{path}");
    }
    app.pass(Duration::minutes(5)).await;
    for path in ["/account/password", "/account/delete"] {
        let to = browser.get(path).await.location.unwrap();
        assert_eq!(to, format!("/confirm?next={path}"), "{path}");
    }
    let token = browser.get("/account").await.button_csrf();
    for path in ["/account/password", "/account/delete", "/account/sessions/revoke-others"] {
        let answer = browser.post_with(path, &token, &[]).await;
        assert!(answer.location.unwrap().starts_with("/confirm?next="), "{path}");
    }
    let fields = [("password", PASSWORD), ("next", "/account/password")];
    let answer = browser.post("/confirm", &fields).await;
    assert_eq!(answer.location.as_deref(), Some("/account/password"), "{}", answer.body);
    assert_eq!(browser.get("/account/password").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_wrong_confirmation_is_refused_and_counted() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let answer = browser.post("/confirm", &[("password", "not her password")]).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(!answer.field_error("password").is_empty(), "{}", answer.body);
    assert!(browser.get("/account/data.json").await.body.contains("\"failed_logins\": 1"));
}

#[rocket::async_test]
async fn the_export_has_everything_but_secrets() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let answer = browser.get("/account/data.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let data: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(data["username"], "ada");
    assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(data["events"][0]["event"], "auth.login.ok");
    for table in doorward::service::catalog::tables() {
        if let Exported::Rows(field, _) = table.exported {
            assert!(data[field].is_array(), "{field}: {}", answer.body);
        }
    }
    for secret in ["argon2", "salt", "password_hash", &browser.cookie("__Host-rt").unwrap()] {
        assert!(!answer.body.contains(secret), "{secret}");
    }
}

#[rocket::async_test]
async fn the_export_asks_for_a_recent_login() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    app.pass(Duration::minutes(6)).await;
    let answer = browser.get("/account/data.json").await;
    assert_eq!(answer.location.as_deref(), Some("/confirm?next=/account/data.json"));
}

#[rocket::async_test]
async fn the_export_tells_nobody_where_staff_sit() {
    let app = App::start().await;
    let ada = app.browser_at("192.0.2.7");
    app.account("ada", &[]).await;
    app.browser_at("203.0.113.9").log_in_with("ada", "not her password").await;
    ada.log_in("ada").await;
    app.account("helper", &["support"]).await;
    let helper = app.browser_at("198.51.100.4");
    helper.log_in_as("helper", "Support/1.0 (office)").await;
    let path = format!("/admin/accounts/{}/forgive", app.id_of("ada").await);
    helper.post_with(&path, &helper.token().await, &[]).await;
    let answer = ada.get("/account/data.json").await;
    let data: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let events = data["events"].as_array().unwrap();
    let address_of = |name: &str| {
        let event = events.iter().find(|event| event["event"] == name);
        event.unwrap_or_else(|| panic!("{name}: {events:?}"))["address"].as_str()
    };
    assert_eq!(address_of("throttle.lifted"), None, "it is told that it was done");
    assert_eq!(address_of("auth.login.ok"), Some("192.0.2.7"));
    assert_eq!(address_of("auth.login.fail"), Some("203.0.113.9"));
    assert!(!answer.body.contains("198.51.100.4") && !answer.body.contains("Support/1.0"));
}

#[rocket::async_test]
async fn a_long_export_is_whole() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let (db, now) = (app.doorward.db.write(), app.clock().now());
    let account = app.id_of("ada").await.parse().unwrap();
    let here = doorward::domain::audit::RequestSource::default();
    for number in 0..1201 {
        let event = doorward::domain::sessions::events::LOGGED_OUT;
        let told = doorward::domain::audit::Entry::by_owner(event, account, &here)
            .with(serde_json::json!({ "others_ended": number }));
        doorward::domain::audit::record(db, told, now).await.unwrap();
    }
    let body = ada.get("/account/data.json").await.body;
    let data: serde_json::Value = serde_json::from_str(&body).unwrap();
    let events = data["events"].as_array().unwrap();
    let numbers = events.iter().filter_map(|event| event["data"]["others_ended"].as_u64());
    let numbers: Vec<u64> = numbers.collect();
    assert_eq!(numbers, (0..1201).rev().collect::<Vec<_>>(), "the newest first");
}

#[rocket::async_test]
async fn a_deleted_account_is_gone_with_its_sessions() {
    let app = App::start().await;
    let this = app.member("ada").await;
    let other = app.signed_in("ada").await;
    let wrong = this.post("/account/delete", &[("password", "not her password")]).await;
    assert_eq!(wrong.status, Status::UnprocessableEntity);
    let answer = this.post("/account/delete", &[("password", PASSWORD)]).await;
    assert_eq!(answer.location.as_deref(), Some("/login"), "{}", answer.body);
    assert!(!this.is_signed_in().await && !other.is_signed_in().await);
    assert_eq!(app.browser().log_in("ada").await.status, Status::Unauthorized);
    app.account("ada", &[]).await;
}

#[rocket::async_test]
async fn the_last_administrator_cannot_be_deleted() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let chief = app.signed_in("chief").await;
    assert!(chief.get("/account/delete").await.page().field("password").is_none());
    app.account("second", &["admin"]).await;
    let page = chief.get("/account/delete").await;
    assert!(page.page().field("password").is_some());
    let second = app.signed_in("second").await;
    assert_eq!(
        second.post("/account/delete", &[("password", PASSWORD)]).await.status,
        Status::SeeOther
    );
    let refused = chief.post_with("/account/delete", &page.csrf(), &[("password", PASSWORD)]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.body.contains("last administrator"), "{}", refused.body);
    assert!(chief.is_signed_in().await);
}
