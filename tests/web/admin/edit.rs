//! Giving an account other names, and taking it back.

use rocket::http::Status;

use super::WHY;
use crate::app::{App, PASSWORD};

const MARRIED: [(&str, &str); 4] = [
    ("username", "anna.lopez"),
    ("email", "Anna.Lopez@example.org"),
    ("display_name", "Anna Lopez"),
    WHY,
];

#[rocket::async_test]
async fn staff_give_an_account_other_names_and_take_it_back() {
    let app = App::start().await;
    app.account("anna.meyer", &["editors"]).await;
    let (helper, anna) = (app.staff("helper", "support").await, app.signed_in("anna.meyer").await);
    let page = format!("/admin/accounts/{}", app.id_of("anna.meyer").await);
    assert!(helper.get(&page).await.page().links_to(&format!("{page}/edit")));
    let answer = helper.post(&format!("{page}/edit"), &MARRIED).await;
    assert_eq!(answer.location.as_deref(), Some(&*page));
    let shown = helper.get(&page).await;
    for words in ["anna.lopez", "Anna.Lopez@example.org", "Anna Lopez"] {
        assert!(shown.body.contains(words), "{words}");
    }
    assert!(shown.body.contains("user name from anna.meyer to anna.lopez"), "{}", shown.body);
    assert!(anna.get("/account").await.body.contains("anna.lopez"), "still signed in");
    for (search, found) in
        [("lopez", true), ("anna lop", true), ("meyer", false), ("lopez&role=editors", true)]
    {
        let list = helper.get(&format!("/admin/accounts?q={}", search.replace(' ', "%20"))).await;
        assert_eq!(list.page().texts("tbody th a").len() == 1, found, "{search}");
    }
    assert_eq!(app.browser().log_in("anna.lopez").await.status, Status::SeeOther);
    assert_eq!(app.browser().log_in("anna.meyer").await.status, Status::Unauthorized);
    let undo = shown.hidden();
    helper.post_with("/admin/undo/edit", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(app.browser().log_in("anna.meyer").await.status, Status::SeeOther);
    let email = app.browser().log_in_with("anna.meyer@example.org", PASSWORD).await;
    assert_eq!(email.status, Status::SeeOther);
}

#[rocket::async_test]
async fn a_name_that_cannot_be_given_is_refused_beside_its_field_and_kept() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    app.account("bob", &[]).await;
    let helper = app.staff("helper", "support").await;
    let edit = format!("/admin/accounts/{}/edit", app.id_of("ada").await);
    for (field, wrong) in [
        ("username", "BOB"),
        ("username", "a"),
        ("email", "bob@example.org"),
        ("email", "ada"),
        ("display_name", "<b>Ada</b>"),
        ("display_name", &*"ä".repeat(65)),
        ("reason", ""),
    ] {
        let mut fields =
            vec![("username", "ada"), ("email", "ada@example.org"), ("display_name", "Ada"), WHY];
        fields.iter_mut().find(|(name, _)| *name == field).unwrap().1 = wrong;
        let refused = helper.post(&edit, &fields).await;
        assert_eq!(refused.status, Status::UnprocessableEntity, "{field} {wrong}");
        assert!(!refused.field_error(field).is_empty(), "{field}: {}", refused.body);
        assert_eq!(refused.value_of(field), wrong, "{field}");
    }
    let shown = helper.get(&edit).await;
    assert_eq!((&*shown.value_of("username"), &*shown.value_of("display_name")), ("ada", ""));
}

#[rocket::async_test]
async fn what_somebody_else_changed_meanwhile_stays_so() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let (helper, chief) = (app.staff("helper", "support").await, app.staff("chief", "admin").await);
    let edit = format!("/admin/accounts/{}/edit", app.id_of("ada").await);
    let shown =
        [("shown_username", "ada"), ("shown_email", "ada@example.org"), ("shown_display_name", "")];
    let send = |name: &'static str, email: &'static str| {
        let names = [("username", "ada"), ("email", email), ("display_name", name), WHY];
        [&shown[..], &names[..]].concat()
    };
    chief.post(&edit, &send("", "countess@example.org")).await;
    helper.post(&edit, &send("Ada", "ada@example.org")).await;
    let now = helper.get(&edit).await;
    assert_eq!(now.value_of("email"), "countess@example.org");
    assert_eq!(now.value_of("display_name"), "Ada");
    helper.post(&edit, &send("Ada", "countess@example.org")).await;
    assert!(helper.get(&edit.replace("/edit", "")).await.body.contains("No changes were needed."));
}

#[rocket::async_test]
async fn support_does_not_edit_who_may_do_more() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    app.account("chief", &["admin"]).await;
    let page = format!("/admin/accounts/{}", app.id_of("chief").await);
    assert!(!helper.get(&page).await.page().links_to(&format!("{page}/edit")));
    let refused = helper.post(&format!("{page}/edit"), &MARRIED).await;
    assert_eq!(refused.status, Status::UnprocessableEntity, "{}", refused.body);
    assert_eq!(app.browser().log_in("chief").await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn support_gives_no_name_that_passes_for_another_and_none_to_itself() {
    let app = App::start().await;
    let (helper, chief) = (app.staff("helper", "support").await, app.staff("chief", "admin").await);
    app.account("ada", &[]).await;
    let path = format!("/admin/accounts/{}/edit", app.id_of("ada").await);
    let names = |name: &'static str, email: &'static str| {
        [("username", name), ("email", email), ("display_name", ""), WHY]
    };
    for (field, fields) in [
        ("username", names("administrator", "ada@example.org")),
        ("email", names("ada", "\u{430}dmin@example.org")),
    ] {
        let refused = helper.post(&path, &fields).await;
        assert_eq!(refused.status, Status::UnprocessableEntity, "{field}");
        assert!(!refused.field_error(field).is_empty(), "{field}: {}", refused.body);
        assert_eq!(chief.post(&path, &fields).await.status, Status::SeeOther, "{field}");
    }
    let own = format!("/admin/accounts/{}/edit", app.id_of("helper").await);
    let refused = helper.post(&own, &names("helpful", "helper@example.org")).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
}

#[rocket::async_test]
async fn a_link_that_was_sent_to_the_former_address_opens_nothing() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let helper = app.staff("helper", "support").await;
    let page = format!("/admin/accounts/{}", app.id_of("ada").await);
    let link = helper.post(&format!("{page}/recovery"), &[WHY]).await.link();
    let names = [("username", "ada"), ("email", "ada@example.com"), ("display_name", ""), WHY];
    assert!(app.browser().get(&link).await.body.contains("new_password"));
    helper.post(&format!("{page}/edit"), &names).await;
    assert!(!app.browser().get(&link).await.body.contains("new_password"));
}

#[rocket::async_test]
async fn an_undo_of_names_that_somebody_else_has_by_now_is_refused() {
    let app = App::start().await;
    app.account("anna.meyer", &[]).await;
    let helper = app.staff("helper", "support").await;
    let page = format!("/admin/accounts/{}", app.id_of("anna.meyer").await);
    helper.post(&format!("{page}/edit"), &MARRIED).await;
    let shown = helper.get(&page).await;
    app.account("anna.meyer", &[]).await;
    helper.post_with("/admin/undo/edit", &shown.button_csrf(), &shown.hidden().pairs()).await;
    assert!(helper.get(&page).await.body.contains("can no longer be undone"));
}
