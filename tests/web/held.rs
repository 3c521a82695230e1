//! What was selected or typed before the password was asked for again is there
//! afterwards, for its owner and once.

use rocket::http::{Method, Status};
use sea_orm::{ConnectionTrait, Statement};
use shared::forms;
use shared::page::Field;
use shared::routes::{self, Route, filled, form_to, page_of};
use time::Duration;

use crate::app::{Answer, App, Browser, PASSWORD};

const WHY: &str = "the choir asked: \"all of them\" & at once";

/// Gives the password on the page that an answer leads to, and goes on from there.
async fn confirm(browser: &Browser<'_>, asked: &Answer) -> String {
    let to = asked.location.as_deref().unwrap_or_default();
    assert!(to.starts_with("/confirm?next="), "{} {to}", asked.status);
    let page = browser.get(to).await;
    assert!(page.body.contains("Nothing was changed yet."), "{to}: {}", page.body);
    let next = page.value_of("next");
    let fields = [("password", PASSWORD), ("next", next.as_str())];
    let answer = browser.post_with("/confirm", &page.csrf(), &fields).await;
    assert_eq!(answer.location.as_deref(), Some(next.as_str()), "{}", answer.body);
    next
}

/// Twenty accounts, and the page to disable them.
async fn twenty(app: &App) -> (Vec<String>, String) {
    let (mut names, mut ids) = (vec![], vec![]);
    for number in 0..20 {
        let name = format!("singer-{number}");
        app.quick_account(&name).await;
        ids.push(app.id_of(&name).await);
        names.push(name);
    }
    (names, format!("/admin/accounts/disable?id={}", ids.join("&id=")))
}

/// The held forms as the database has them.
async fn held(app: &App) -> Vec<String> {
    let db = app.doorward.db.read();
    let sql = "SELECT payload FROM one_time_tokens WHERE purpose = 'held_form'";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql));
    rows.await.unwrap().iter().map(|row| row.try_get("", "payload").unwrap()).collect()
}

#[rocket::async_test]
async fn twenty_selected_accounts_are_still_selected_after_the_password_was_given() {
    let app = App::start().await;
    let (names, page) = twenty(&app).await;
    let helper = app.staff("helper", "support").await;
    app.pass(Duration::minutes(6)).await;
    let asked = helper.follow(&page).await;
    let act = helper.get(asked.location.as_deref().unwrap()).await;
    assert!(act.body.contains("<strong>Disable accounts</strong>"), "{}", act.body);
    let next = confirm(&helper, &asked).await;
    assert!(next.starts_with("/admin/accounts/disable?held="), "{next}");
    let preview = helper.get(&next).await;
    assert!(preview.body.contains("about to disable 20 accounts."), "{}", preview.body);
    for name in &names {
        assert!(preview.body.contains(name), "{name}");
    }
    // Then again, with a reason, from the page at that address.
    app.pass(Duration::minutes(6)).await;
    let ids = preview.value_of("ids");
    let sent = [("ids", ids.as_str()), ("reason", WHY)];
    let asked = helper.post_with(&next, &preview.csrf(), &sent).await;
    let next = confirm(&helper, &asked).await;
    let preview = helper.get(&next).await;
    assert!(preview.body.contains("about to disable 20 accounts."), "{}", preview.body);
    assert!(preview.body.contains("Nothing was changed yet."), "{}", preview.body);
    assert_eq!(preview.value_of("reason"), WHY);
    let ids = preview.value_of("ids");
    let sent = [("ids", ids.as_str()), ("reason", &preview.value_of("reason"))];
    let done = helper.post_with(&next, &preview.csrf(), &sent).await;
    assert_eq!(done.location.as_deref(), Some("/admin/accounts"), "{}", done.body);
    let list = helper.get("/admin/accounts").await;
    assert!(list.body.contains("Accounts disabled: 20."), "{}", list.body);
    assert!(list.page().has("form[id=undo]"), "{}", list.body);
    assert!(held(&app).await.is_empty());
}

#[rocket::async_test]
async fn all_that_a_list_finds_are_found_again_after_the_password_was_given() {
    let app = App::start().await;
    twenty(&app).await;
    let helper = app.staff("helper", "support").await;
    let all = helper.get("/admin/accounts/disable?all=true&list=q%3Dsinger").await;
    assert!(all.body.contains("about to disable 20 accounts."), "{}", all.body);
    app.pass(Duration::minutes(6)).await;
    let fields = ["ids", "all", "list", "count"].map(|name| (name, all.value_of(name)));
    let mut sent: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, &**text)).collect();
    sent.push(("reason", WHY));
    let asked = helper.post_with("/admin/accounts/disable", &all.csrf(), &sent).await;
    let again = helper.get(&confirm(&helper, &asked).await).await;
    assert!(again.body.contains("about to disable 20 accounts."), "{}", again.body);
    assert_eq!(again.value_of("reason"), WHY);
    assert_eq!(again.value_of("count"), all.value_of("count"));
}

#[rocket::async_test]
async fn an_export_keeps_its_filter_however_long_it_is() {
    let app = App::start().await;
    let reader = app.staff("reader", "admin").await;
    app.quick_account("ada").await;
    app.pass(Duration::minutes(6)).await;
    let asked = reader.follow(&format!("/admin/accounts.csv?q={}", "a".repeat(600))).await;
    let next = confirm(&reader, &asked).await;
    assert!(next.starts_with("/admin/accounts.csv?held="), "{next}");
    let export = reader.get(&next).await;
    assert_eq!(export.status, Status::Ok);
    assert!(export.body.starts_with("id,"), "{}", export.body);
    assert!(!export.body.contains("ada@example.org"), "{}", export.body);
}

#[rocket::async_test]
async fn an_undo_that_came_too_late_for_the_password_is_offered_again_after_it() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.account("ada", &[]).await.id.to_string();
    let of_account = |act: &str| (format!("/admin/accounts/{id}/{act}"), Some(()));
    let edited = [("username", "ada-2"), ("display_name", ""), ("email", "ada@example.org")];
    let acts = [
        ("edit", of_account("edit"), edited.to_vec()),
        ("roles", of_account("roles"), vec![("shown", ""), ("role.editors", "on")]),
        ("disable", ("/admin/accounts/disable".to_owned(), None), vec![("ids", &*id)]),
    ];
    for (kind, (path, own_page), mut fields) in acts {
        fields.push(("reason", WHY));
        let page = if own_page.is_some() { path.clone() } else { format!("{path}?id={id}") };
        let done = chief.post_at(&page, &path, &fields).await;
        assert_eq!(done.status, Status::SeeOther, "{kind}: {}", done.body);
        let shown = chief.get("/admin/accounts").await;
        let (undo, token) =
            (shown.hidden(), shown.page().token_for(&format!("/admin/undo/{kind}")));
        app.pass(Duration::minutes(6)).await;
        let undo_path = format!("/admin/undo/{kind}");
        let asked = chief.post_with(&undo_path, &token, &undo.pairs()).await;
        let next = confirm(&chief, &asked).await;
        let again = chief.get(&next).await;
        assert!(again.body.contains("Nothing was changed yet."), "{kind}: {}", again.body);
        let [first, last] = ["first", "last"].map(|name| again.value_of(name));
        let sent = [("first", first.as_str()), ("last", last.as_str())];
        assert_eq!(sent, undo.pairs());
        chief.post_with(&undo_path, &again.csrf(), &sent).await;
        let list = chief.get("/admin/accounts").await.body;
        assert!(list.contains("Undone."), "{kind}: {list}");
    }
}

/// Fields that are shown again, as a browser would send them.
fn kept(fields: Vec<Field>) -> Vec<(String, String)> {
    let is_kept = |field: &Field| !["csrf", "token", "password"].contains(&&*field.name);
    let text = |field: Field| match &*field.kind {
        "checkbox" if field.checked => (field.name, "on".to_owned()),
        "checkbox" => (field.name, String::new()),
        _ => (field.name, field.value),
    };
    fields.into_iter().filter(is_kept).map(text).collect()
}

#[rocket::async_test]
async fn whatever_staff_typed_is_in_the_form_again_after_the_password_was_given() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.account("ada", &["editors"]).await.id.to_string();
    app.signed_in("ada").await;
    let mut seen = 0;
    for Route { address, .. } in routes::forms() {
        let path = filled(page_of(&address), &id);
        if !address.starts_with("/admin") {
            continue;
        }
        let shown = chief.get(&path).await.page();
        let Some(form) = form_to(&shown, &address) else { continue };
        if form.fields().iter().all(|field| field.name != "reason") {
            continue;
        }
        let fields = routes::filled_in(&form, &[("reason", WHY)]);
        let sent: Vec<(&str, &str)> =
            fields.iter().map(|(name, text)| (&**name, &**text)).collect();
        app.pass(Duration::minutes(6)).await;
        let body = forms::pairs(sent.iter().copied());
        let ours = [("Sec-Fetch-Site", "same-origin")];
        let asked = chief.send(Method::Post, &form.action, Some(&body), &ours).await;
        let to = asked.location.clone().unwrap_or_default();
        assert!(to.contains("held%3D"), "{address}: {to}: take the form as `Timely<…>`");
        let next = confirm(&chief, &asked).await;
        let again = chief.get(&next).await;
        assert!(again.body.contains("Nothing was changed yet."), "{address}: {}", again.body);
        let page = again.page();
        let again = form_to(&page, &address).unwrap_or_else(|| panic!("no form of {address}"));
        let mut expected = fields.clone();
        expected.retain(|(name, _)| !["csrf", "token"].contains(&&**name));
        assert_eq!(kept(again.fields()), expected, "{address}");
        seen += 1;
    }
    assert!(seen >= 12, "{seen}");
    assert!(held(&app).await.is_empty());
}

#[rocket::async_test]
async fn a_box_that_was_unticked_stays_so_unless_somebody_changed_the_roles_since() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.account("ada", &["editors"]).await.id.to_string();
    let path = format!("/admin/accounts/{id}/roles");
    for changed in [false, true] {
        let csrf = chief.get(&path).await.csrf();
        app.pass(Duration::minutes(6)).await;
        let sent = [("shown", "editors"), ("reason", WHY)];
        let asked = chief.post_with(&path, &csrf, &sent).await;
        let next = confirm(&chief, &asked).await;
        if changed {
            let fields = [("shown", "editors"), ("role.editors", "on"), ("role.support", "on")];
            let fields = [&fields[..], &[("reason", WHY)]].concat();
            chief.post(&path, &fields).await;
        }
        let page = chief.get(&next).await.page();
        assert_eq!(page.is_ticked("role.editors"), changed);
        assert_eq!(page.is_ticked("role.support"), changed);
        assert_eq!(page.value_of("reason"), WHY);
    }
}

#[rocket::async_test]
async fn a_held_form_is_shown_to_its_owner_once_and_for_fifteen_minutes() {
    let app = App::start().await;
    let (names, page) = twenty(&app).await;
    let helper = app.staff("helper", "support").await;
    let other = app.staff("other", "admin").await;
    app.pass(Duration::minutes(6)).await;
    let is_gone = async |browser: &Browser<'_>, path: &str| {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, Status::NotFound, "{path}");
        assert!(answer.body.contains("no longer stored"), "{}", answer.body);
        assert!(names.iter().all(|name| !answer.body.contains(name)), "{}", answer.body);
    };
    let next = {
        let asked = helper.follow(&page).await;
        let shown = helper.get(asked.location.as_deref().unwrap()).await;
        // Not recent yet: the same one waits on.
        let again = helper.get(&shown.value_of("next")).await;
        assert_eq!(again.location, asked.location);
        let next = confirm(&helper, &asked).await;
        is_gone(&other, &next).await;
        let elsewhere = next.replace("disable", "delete");
        is_gone(&other, &elsewhere).await;
        let stranger = app.browser().get(&next).await.location.unwrap();
        assert!(stranger.starts_with("/login?next=/admin/accounts/disable%3Fheld%3D"));
        next
    };
    helper.send(Method::Head, &next, None, &[]).await;
    assert!(helper.get(&next).await.body.contains("about to disable 20 accounts."));
    is_gone(&helper, &next).await;
    app.pass(Duration::minutes(6)).await;
    let next = confirm(&helper, &helper.follow(&page).await).await;
    app.pass(Duration::minutes(15)).await;
    is_gone(&helper, &next).await;
    app.doorward.purge_expired(app.clock().now()).await.unwrap();
    assert!(held(&app).await.is_empty());
}

#[rocket::async_test]
async fn neither_passwords_nor_tokens_are_held() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.id_of("chief").await;
    let of_revocation = chief.get("/admin/revocations/new").await.csrf();
    let of_recovery = chief.get(&format!("/admin/accounts/{id}/recovery")).await.csrf();
    let of_change = chief.get("/account/password").await.csrf();
    let secret = chief.cookie("__Host-at").unwrap();
    app.pass(Duration::minutes(6)).await;
    let sent = [("token", secret.as_str()), ("reason", WHY)];
    chief.post_with("/admin/revocations/new", &of_revocation, &sent).await;
    let passwords = [("current_password", PASSWORD), ("new_password", "a lantern at sea")];
    chief.post_with("/account/password", &of_change, &passwords).await;
    let all = held(&app).await;
    assert_eq!(all.len(), 1, "{all:?}");
    for secret in [secret.as_str(), &of_revocation, &of_change, PASSWORD, "lantern", "csrf"] {
        assert!(!all[0].contains(secret), "{secret}: {all:?}");
    }
    // Nor what another site sends, or who may not send it at all, or what no form has.
    let path = format!("/admin/accounts/{id}/recovery");
    let unknown = chief.post_with(&path, &of_recovery, &[("reason", WHY), ("odd", "1")]).await;
    assert!(unknown.location.unwrap().starts_with("/confirm?next=/admin/accounts/"));
    let body = forms::body(&of_recovery, &[("reason", WHY)]);
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    let refused = chief.send(Method::Post, &path, Some(&body), &foreign).await;
    assert_eq!(refused.status, Status::Forbidden);
    let member = app.member("ada").await;
    let of_member = member.token().await;
    app.pass(Duration::minutes(6)).await;
    let refused = member.post_with(&path, &of_member, &[("reason", WHY)]).await;
    assert_eq!(refused.status, Status::Forbidden);
    assert_eq!(held(&app).await, all);
}

#[rocket::async_test]
async fn what_was_typed_on_a_page_that_was_too_old_is_held_too() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.account("ada", &[]).await.id.to_string();
    let path = format!("/admin/accounts/{id}/edit");
    let of_another_session = app.staff("chief2", "admin").await.get(&path).await.csrf();
    app.pass(Duration::minutes(6)).await;
    let sent = [("username", "ada.holt"), ("reason", WHY)];
    let next = confirm(&chief, &chief.post_with(&path, &of_another_session, &sent).await).await;
    let page = chief.get(&next).await;
    assert!(page.body.contains("Nothing was changed yet."), "{}", page.body);
    assert_eq!(page.value_of("username"), "ada.holt");
    assert_eq!(page.value_of("reason"), WHY);
    assert_ne!(page.csrf(), of_another_session);
}

#[rocket::async_test]
async fn links_on_other_sites_hold_nothing() {
    let app = App::start().await;
    let (_, page) = twenty(&app).await;
    let helper = app.staff("helper", "support").await;
    app.pass(Duration::minutes(6)).await;
    for site in ["cross-site", "same-site", "none"] {
        let asked = helper.send(Method::Get, &page, None, &[("Sec-Fetch-Site", site)]).await;
        let to = asked.location.unwrap();
        assert_eq!(to, "/confirm?next=/account", "{site}");
    }
    assert!(held(&app).await.is_empty());
}

#[rocket::async_test]
async fn the_page_that_asks_for_the_password_names_every_page_that_waits_for_it() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.account("ada", &["editors"]).await.id.to_string();
    app.pass(Duration::minutes(6)).await;
    let mut seen = 0;
    for pattern in app.addresses(Method::Get) {
        let to = chief.get(&filled(&pattern, &id)).await.location.unwrap_or_default();
        if to.starts_with("/confirm?next=") {
            let acts = chief.get(&to).await.page().texts("main p strong");
            assert_eq!(acts.len(), 2, "{pattern}: its name is missing in `ACTS`: {acts:?}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
    let asked = chief.get("/confirm?next=/admin/accounts").await.page();
    assert_eq!(asked.texts("main p strong"), ["chief"]);
}
