//! Acts on one or many accounts: to disable, enable and delete.

use rocket::http::{RawStr, Status};

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

#[rocket::async_test]
async fn all_that_match_are_acted_on_and_the_list_stays_as_it_was() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    for number in 0..30 {
        app.quick_account(&format!("member-{number:02}")).await;
    }
    app.quick_account("other").await;
    let list = "/admin/accounts?q=member&size=25";
    let page = chief.get(list).await.page();
    assert!(page.has("input[name=all]"), "{:?}", page.texts("main .acts"));
    let form = page.forms("GET").into_iter().find(|form| form.action.contains("/end-sessions"));
    let fields = form.unwrap().fields();
    let kept = fields.iter().find(|field| field.name == "list").unwrap().value.clone();
    assert_eq!(kept, "q=member&size=25");
    let preview = "/admin/accounts/disable?all=true&list=q%3Dmember%26size%3D25";
    let shown = chief.get(preview).await;
    assert!(shown.body.contains("about to disable 30 accounts"), "{}", shown.body);
    let all = shown.value_of("count");
    assert!(all.starts_with("30."), "{all}");
    // One that was shown matches no longer, and another one does: as many, and not the same.
    let renamed = async |from: &str, to: &str| {
        let edit = format!("/admin/accounts/{}/edit", app.id_of(from).await);
        let email = format!("{to}@example.org");
        let fields = [("username", to), ("email", &email), ("display_name", ""), WHY];
        assert_eq!(chief.post(&edit, &fields).await.status, Status::SeeOther);
    };
    renamed("member-07", "elsewhere").await;
    renamed("other", "member-other").await;
    let count = all.clone();
    let fields =
        [("ids", ""), ("all", "true"), ("list", "q=member&size=25"), ("count", &count), WHY];
    let refused = chief.post_at(preview, "/admin/accounts/disable", &fields).await;
    assert_eq!(refused.status, Status::UnprocessableEntity, "others than were shown");
    assert!(refused.body.contains("other accounts match the list now"), "{}", refused.body);
    let count = refused.value_of("count");
    assert!(count.starts_with("30.") && count != all, "{count}");
    assert_eq!(refused.value_of("reason"), WHY.1);
    let fields =
        [("ids", ""), ("all", "true"), ("list", "q=member&size=25"), ("count", &count), WHY];
    let answer = chief.post_at(preview, "/admin/accounts/disable", &fields).await;
    assert_eq!(answer.location.as_deref(), Some(list));
    let after = chief.get(list).await;
    assert!(after.body.contains("Accounts disabled: 30."), "{}", after.body);
    let active = chief.get("/admin/accounts?state=active").await;
    assert_eq!(active.names(), ["chief", "elsewhere"]);
    let undo = after.hidden();
    chief.post_with("/admin/undo/disable", &after.button_csrf(), &undo.pairs()).await;
    assert_eq!(chief.get("/admin/accounts?state=disabled").await.names(), [""; 0]);
}

#[rocket::async_test]
async fn a_list_that_cannot_be_understood_selects_nobody() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let long = format!("q={}", "a".repeat(9000));
    for list in
        ["q=a&q=a", "q=chief%25FF", "q=b\u{fc}cher", "state=disabledd", &long, "q%3Dchief%26x"]
    {
        let page =
            format!("/admin/accounts/delete?all=true&list={}", RawStr::new(list).percent_encode());
        let page = page.replace("%2525", "%25");
        let shown = chief.get(&page).await;
        assert!(shown.body.contains("No account is selected"), "{list:.40}: {}", shown.body);
        let fields = [("ids", ""), ("all", "true"), ("list", list), ("count", "0"), WHY];
        let answer = chief.post_at(
            "/admin/accounts/delete?all=true&list=q%3Dchief",
            "/admin/accounts/delete",
            &fields,
        );
        assert_ne!(answer.await.status, Status::SeeOther, "{list:.40}");
    }
    assert_eq!(chief.get("/admin/accounts").await.names(), ["chief"]);
}

#[rocket::async_test]
async fn what_a_list_is_cannot_lead_to_another_page() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    app.account("ada", &[]).await;
    let id = app.id_of("ada").await;
    let page = format!("/admin/accounts/enable?id={id}");
    for list in ["q=a b", "q=a\r\nSet-Cookie: a=b", "q=ä", &"a".repeat(9000)] {
        let fields = [("ids", &*id), ("all", ""), ("list", list), ("count", ""), WHY];
        let answer = chief.post_at(&page, "/admin/accounts/enable", &fields).await;
        assert_eq!(answer.location, Some(format!("/admin/accounts/{id}")), "{list:.30}");
    }
    let fields = [("ids", &*id), ("list", "//evil.example/?q=a"), WHY];
    let answer = chief.post_at(&page, "/admin/accounts/enable", &fields).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/accounts?//evil.example/?q=a"));
}

#[rocket::async_test]
async fn a_role_is_given_to_many_taken_from_them_and_taken_back() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let fields = [("name", "editors"), ("description", ""), WHY];
    chief.post("/admin/new-role", &fields).await;
    let mut ids = vec![];
    for name in ["ada", "bob", "cyd"] {
        app.account(name, if name == "cyd" { &["editors"] } else { &[] }).await;
        ids.push(app.id_of(name).await);
    }
    let ada = app.signed_in("ada").await;
    let holders = async || chief.get("/admin/accounts?role=editors").await.names().join(" ");
    let select = format!("id={}&list=q%3Dexample", ids.join("&id="));
    let ids = ids.join(",");
    let send = async |act: &str, role: &str| {
        let path = format!("/admin/accounts/{act}");
        let fields = [("ids", &*ids), ("list", "q=example"), ("role", role), WHY];
        chief.post_at(&format!("{path}?{select}"), &path, &fields).await
    };
    let refused = send("add-role", "").await;
    assert_eq!(refused.field_error("role"), "Choose a role.");
    let refused = send("add-role", "unknown").await;
    assert_eq!(refused.status, Status::UnprocessableEntity, "no role is made by the way");
    assert!(refused.body.contains("there is no such role any more"), "{}", refused.body);
    let answer = send("add-role", "editors").await;
    assert_eq!(answer.location.as_deref(), Some("/admin/accounts?q=example"));
    let said = chief.get("/admin/accounts?q=example").await;
    assert_eq!(holders().await, "ada bob cyd");
    assert!(ada.get("/account").await.body.contains("editors"), "on the next request");
    assert!(said.body.contains("Accounts that got the role: 2."), "{}", said.body);
    chief.post_with("/admin/undo/roles", &said.button_csrf(), &said.hidden().pairs()).await;
    assert_eq!(holders().await, "cyd", "who had it before keeps it");
    send("remove-role", "editors").await;
    assert_eq!(holders().await, "");
    let own = app.id_of("chief").await;
    let page = format!("/admin/accounts/remove-role?id={own}");
    let fields = [("ids", &*own), ("role", "admin"), WHY];
    let refused = chief.post_at(&page, "/admin/accounts/remove-role", &fields).await;
    assert!(refused.body.contains("This is the last administrator"), "{}", refused.body);
}
