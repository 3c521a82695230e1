//! Acts on one or many accounts: to disable, enable and delete.

use rocket::http::Status;

use super::WHY;
use crate::app::App;

#[rocket::async_test]
async fn an_account_is_switched_off_and_the_undo_switches_it_on_again() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let id = app.id_of("ada").await;
    app.account("helper", &["support"]).await;
    let helper = app.signed_in("helper").await;
    let page = format!("/admin/accounts/disable?id={id}");
    let preview = helper.get(&page).await;
    assert!(
        preview.body.contains("about to disable 1 account. 1 session ends."),
        "{}",
        preview.body
    );
    let answer = helper.post_at(&page, "/admin/accounts/disable", &[("ids", &id), WHY]).await;
    assert_eq!(answer.location, Some(format!("/admin/accounts/{id}")), "{}", answer.body);
    assert!(!ada.is_signed_in().await, "on the very next request");
    assert_eq!(app.browser().log_in("ada").await.status, Status::UnprocessableEntity);
    let shown = helper.get(&format!("/admin/accounts/{id}")).await;
    assert!(shown.body.contains("Accounts disabled: 1. Sessions ended: 1."), "{}", shown.body);
    assert_eq!(shown.page().texts("q"), ["asked for by phone"], "the reason is kept");
    let undo = shown.hidden();
    let answer = helper.post_with("/admin/undo/disable", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/accounts"));
    assert!(helper.get("/admin/accounts").await.body.contains("Undone."));
    assert_eq!(app.browser().log_in("ada").await.status, Status::SeeOther);
    // A second press, and somebody else's press, take nothing back.
    for browser in [&helper, &app.staff("chief", "admin").await] {
        browser.post_with("/admin/undo/disable", &browser.token().await, &undo.pairs()).await;
        assert!(browser.get("/admin").await.body.contains("can no longer be undone"));
    }
}

#[rocket::async_test]
async fn an_act_on_many_does_all_or_nothing_and_leaves_out_who_is_gone() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let mut ids = vec![];
    for name in ["ada", "bob", "cyd"] {
        app.member(name).await;
        ids.push(app.id_of(name).await);
    }
    let own = app.id_of("chief").await;
    let with_own = format!("{},{own}", ids.join(","));
    let page = format!("/admin/accounts/delete?id={}&id={own}", ids.join("&id="));
    assert!(chief.get(&page).await.body.contains("about to delete 4 accounts. 4 sessions end."));
    let refused = chief.post_at(&page, "/admin/accounts/delete", &[("ids", &with_own), WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.body.contains("This is the last administrator"), "{}", refused.body);
    assert_eq!(refused.value_of("reason"), "asked for by phone", "the typed text is kept");
    assert_eq!(
        chief.get("/admin/accounts").await.names(),
        ["ada", "bob", "chief", "cyd"],
        "nothing half done"
    );
    chief.post_at(&page, "/admin/accounts/delete", &[("ids", &ids[0]), WHY]).await;
    let rest = ids.join(",");
    let answer = chief.post_at(&page, "/admin/accounts/delete", &[("ids", &rest), WHY]).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/accounts"));
    let list = chief.get("/admin/accounts").await;
    assert!(list.body.contains("Accounts deleted: 2."), "{}", list.body);
    assert_eq!(list.names(), ["chief"]);
    let gone = chief.post_at(&page, "/admin/accounts/delete", &[("ids", &rest), WHY]).await;
    assert_eq!(gone.status, Status::NotFound, "deleted by somebody else meanwhile");
    assert_eq!(chief.get(&page).await.status, Status::Ok);
}

#[rocket::async_test]
async fn support_can_neither_switch_off_nor_recover_whoever_may_do_more() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    app.account("deputy", &["admin"]).await;
    let (helper, id) = (app.staff("helper", "support").await, app.id_of("chief").await);
    let page = format!("/admin/accounts/disable?id={id}");
    let refused = helper.post_at(&page, "/admin/accounts/disable", &[("ids", &id), WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.body.contains("has permissions that yours does not have"), "{}", refused.body);
    let path = format!("/admin/accounts/{id}/recovery");
    assert!(helper.get(&path).await.body.contains("created only on the command line"));
    let reader = app.account("reader", &["auditor"]).await.id;
    let refused = helper.post(&format!("/admin/accounts/{reader}/recovery"), &[WHY]).await;
    assert!(refused.body.contains("has permissions that yours does not have"), "{}", refused.body);
    let other = app.account("ada", &[]).await.id;
    let token = helper.get(&format!("/admin/accounts/{other}/recovery")).await.csrf();
    let refused = helper.post_with(&path, &token, &[WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(!refused.body.contains("/recover/"), "{}", refused.body);
}
