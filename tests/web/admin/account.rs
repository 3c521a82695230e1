//! One account: its story, its roles, the link to its password.

use rocket::http::Status;
use time::Duration;

use super::WHY;
use crate::app::{App, PASSWORD};

#[rocket::async_test]
async fn of_a_deleted_account_staff_are_told_that_it_was_deleted() {
    let app = App::start().await;
    let (chief, helper) = (app.staff("chief", "admin").await, app.staff("helper", "support").await);
    let id = app.account("ada", &[]).await.id.to_string();
    let path = format!("/admin/accounts/{id}");
    let form = format!("/admin/accounts/delete?id={id}");
    let fields = [("ids", id.as_str()), ("reason", "a test")];
    chief.post_at(&form, "/admin/accounts/delete", &fields).await;
    for (browser, audits) in [(&chief, true), (&helper, false)] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, Status::NotFound);
        assert!(answer.body.contains("This account was deleted"), "{}", answer.body);
        let events = format!("/admin/audit?account={id}");
        assert_eq!(answer.page().links_to(&events), audits, "{}", answer.body);
    }
    assert!(
        chief.get(&format!("/admin/audit?account={id}")).await.body.contains("deleted the account")
    );
    let never = chief.get("/admin/accounts/00000000-0000-4000-8000-000000000000").await;
    assert!(!never.body.contains("was deleted") && never.status == Status::NotFound);
}

#[rocket::async_test]
async fn an_account_opened_for_somebody_gets_its_password_by_a_link() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let fields = [("username", "Ada"), ("email", "ada@example.org"), ("role.editors", "on"), WHY];
    let twice = [("username", "chief"), ("email", "ada@example.org"), ("role.support", "on"), WHY];
    let refused = chief.post("/admin/accounts/new", &twice).await;
    assert!(refused.field_error("username").contains("taken"), "{}", refused.body);
    assert!(refused.page().is_ticked("role.support"), "the tick is kept");
    let answer = chief.post("/admin/accounts/new", &fields).await;
    let heading = answer.page().texts("h1");
    assert!(heading.concat().starts_with("Account created. Invitation for "), "{heading:?}");
    let link = answer.link();
    let ada = app.browser();
    assert_eq!(app.browser().log_in("ada").await.status, Status::Unauthorized);
    ada.post(&link, &[("new_password", PASSWORD)]).await;
    assert_eq!(ada.log_in("ada").await.status, Status::SeeOther);
    assert!(ada.get("/account").await.body.contains("editors"));
}

#[rocket::async_test]
async fn a_recovery_link_is_shown_once_and_works_once() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let helper = app.staff("helper", "support").await;
    let path = format!("/admin/accounts/{}/recovery", app.id_of("ada").await);
    let answer = helper.post(&path, &[WHY]).await;
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);
    let link = answer.link();
    assert!(!helper.get(&path).await.body.contains("/recover/"));
    let person = app.browser();
    let done = person.post(&link, &[("new_password", "a lantern in the harbour")]).await;
    assert_eq!(done.location.as_deref(), Some("/login"));
    assert_eq!(app.browser().get(&link).await.status, Status::NotFound);
}

#[rocket::async_test]
async fn reloading_the_page_of_a_link_makes_no_other_link() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.account("ada", &[]).await.id;
    let of_ada = format!("/admin/accounts/{id}/recovery");
    let new = [("username", "eve"), ("email", "eve@example.org"), WHY];
    for (path, fields) in [(&*of_ada, &[WHY][..]), ("/admin/accounts/new", &new)] {
        let form = chief.get(path).await.csrf();
        let link = chief.post_with(path, &form, fields).await.link();
        app.pass(Duration::seconds(4)).await;
        let again = chief.post_with(path, &form, fields).await;
        assert_eq!(again.status, Status::Ok, "{}", again.body);
        assert!(again.body.contains("The link was shown once"), "{}", again.body);
        assert!(!again.body.contains("/recover/"), "{}", again.body);
        assert_eq!(app.browser().get(&link).await.status, Status::Ok, "the first one works on");
    }
    // Another form makes another link.
    let first = chief.post(&of_ada, &[WHY]).await.link();
    app.pass(Duration::seconds(4)).await;
    let second = chief.post(&of_ada, &[WHY]).await.link();
    assert_eq!(app.browser().get(&first).await.status, Status::NotFound);
    assert_eq!(app.browser().get(&second).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_button_that_is_pressed_twice_shows_a_link_that_works() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    let path = format!("/admin/accounts/{}/recovery", app.account("ada", &[]).await.id);
    let form = helper.get(&path).await.csrf();
    helper.post_with(&path, &form, &[WHY]).await;
    let shown = helper.post_with(&path, &form, &[WHY]).await.link();
    assert_eq!(app.browser().get(&shown).await.status, Status::Ok);
}

#[rocket::async_test]
async fn roles_change_with_the_next_request_and_can_be_taken_back() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let chief = app.staff("chief", "admin").await;
    let path = format!("/admin/accounts/{}/roles", app.id_of("ada").await);
    let silent = chief.post(&path, &[("role.support", "on")]).await;
    assert_eq!(silent.status, Status::UnprocessableEntity);
    assert!(silent.field_error("reason").contains("Enter a reason"), "{}", silent.body);
    assert!(silent.page().is_ticked("role.support"), "the tick is kept");
    assert!(!silent.page().is_ticked("role.admin"), "and no other is set");
    assert_eq!(ada.get("/admin").await.status, Status::Forbidden);
    chief.post(&path, &[("role.support", "on"), WHY]).await;
    assert_eq!(ada.get("/admin").await.location.as_deref(), Some("/confirm?next=/admin"));
    ada.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(ada.get("/admin").await.status, Status::Ok);
    let shown = chief.get("/admin").await;
    assert!(shown.body.contains("The roles were changed"));
    let undo = shown.hidden();
    chief.post_with("/admin/undo/roles", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(ada.get("/admin").await.status, Status::Forbidden);
}

#[rocket::async_test]
async fn more_roles_than_a_token_can_carry_are_refused() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    app.account("ada", &[]).await;
    let path = format!("/admin/accounts/{}/roles", app.id_of("ada").await);
    let names: Vec<String> =
        (0..70).map(|number| format!("role.a-role-with-a-long-name-{number:03}")).collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "on")).collect();
    fields.push(WHY);
    let refused = chief.post(&path, &fields).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.body.contains("cannot hold so many roles"), "{}", refused.body);
}

#[rocket::async_test]
async fn the_story_of_an_account_is_told_in_sentences() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let ada = app.browser_at("192.0.2.7");
    ada.log_in_as("ada", firefox).await;
    let auditor = app.staff("reader", "auditor").await;
    let id = app.id_of("ada").await;
    let body = auditor.get(&format!("/admin/accounts/{id}")).await.body;
    assert!(body.contains("signed in from Firefox on Linux, 192.0.2.7."), "{body}");
    assert!(body.contains("the account was created on the command line"), "{body}");
    let log = auditor.get("/admin/audit?account=ada").await.body;
    assert!(log.contains(">Firefox on Linux, 192.0.2.7<"), "{log}");
}
