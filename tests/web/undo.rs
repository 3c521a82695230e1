//! Taking an act back: only what the act made, and only while it is still so.

use rocket::http::Status;

use crate::app::{App, Browser, Undo};

const WHY: (&str, &str) = ("reason", "asked for by phone");

/// Does that to the account; what the undo button then sends.
async fn act(browser: &Browser<'_>, deed: &str, ids: &str) -> Undo {
    let first = ids.split(',').next().unwrap();
    let path = format!("/admin/accounts/{deed}");
    browser.post_at(&format!("{path}?id={first}"), &path, &[("ids", ids), WHY]).await;
    browser.get("/admin/accounts").await.hidden()
}

/// Presses the button; the page with what came of it.
async fn take_back(browser: &Browser<'_>, what: &str, undo: &Undo) -> String {
    let token = browser.token().await;
    browser.post_with(&format!("/admin/undo/{what}"), &token, &undo.pairs()).await;
    browser.get("/admin/accounts").await.body
}

#[rocket::async_test]
async fn a_message_stands_below_the_heading() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    app.account("ada", &[]).await;
    let id = app.id_of("ada").await;
    let page = format!("/admin/accounts/disable?id={id}");
    chief.post_at(&page, "/admin/accounts/disable", &[("ids", &id), WHY]).await;
    let page = chief.get("/admin/accounts").await.body;
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what}: {page}"));
    assert!(at("Administration") < at("<main"), "{page}");
    assert!(at("<main") < at("<h1>") && at("<h1>") < at("Accounts disabled: 1."), "{page}");
}

async fn can_log_in(app: &App, name: &str) -> bool {
    app.browser().log_in(name).await.status == Status::SeeOther
}

#[rocket::async_test]
async fn an_undo_does_not_switch_on_what_somebody_else_has_switched_off_since() {
    let app = App::start().await;
    let (helper, chief) = (app.staff("helper", "support").await, app.staff("chief", "admin").await);
    for (name, again) in [("ada", true), ("bob", false)] {
        app.account(name, &[]).await;
        let id = app.id_of(name).await;
        let undo = act(&helper, "disable", &id).await;
        if again {
            act(&chief, "enable", &id).await;
        }
        act(&chief, "disable", &id).await;
        let page = take_back(&helper, "disable", &undo).await;
        assert!(page.contains("can no longer be undone"), "{name}: {page}");
        assert!(!can_log_in(&app, name).await, "{name}");
    }
}

#[rocket::async_test]
async fn an_undo_of_many_leaves_those_that_were_changed_since_and_says_so() {
    let app = App::start().await;
    let (helper, chief) = (app.staff("helper", "support").await, app.staff("chief", "admin").await);
    let mut ids = vec![];
    for name in ["ada", "bob", "cyd"] {
        app.account(name, &[]).await;
        ids.push(app.id_of(name).await);
    }
    let undo = act(&helper, "disable", &ids.join(",")).await;
    act(&chief, "enable", &ids[0]).await;
    act(&chief, "disable", &ids[0]).await;
    let page = take_back(&helper, "disable", &undo).await;
    assert!(page.contains("Accounts undone: 2."), "{page}");
    assert!(page.contains("Not undone, because they changed since: 1."), "{page}");
    assert!(!can_log_in(&app, "ada").await);
    assert!(can_log_in(&app, "bob").await && can_log_in(&app, "cyd").await);
}

#[rocket::async_test]
async fn an_undo_of_roles_brings_back_the_roles_and_not_the_words_about_them() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    // The audit log would tell "from no roles to no, roles".
    app.account("ada", &["editors"]).await;
    let id = app.id_of("ada").await;
    let path = format!("/admin/accounts/{id}/roles");
    let shown = chief.get(&path).await;
    let fields = [("shown", "editors"), ("role.to-writers", "on"), WHY];
    chief.post_with(&path, &shown.csrf(), &fields).await;
    let undo = chief.get("/admin").await.hidden();
    let page = take_back(&chief, "roles", &undo).await;
    assert!(page.contains("Undone."), "{page}");
    let tags = chief.get(&format!("/admin/accounts/{id}")).await.page().texts("dd .tag");
    assert_eq!(tags, ["editors"]);
}

#[rocket::async_test]
async fn an_undo_of_roles_does_not_undo_somebody_elses_change() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let deputy = app.staff("deputy", "admin").await;
    app.account("ada", &[]).await;
    let id = app.id_of("ada").await;
    let path = format!("/admin/accounts/{id}/roles");
    chief.post(&path, &[("shown", ""), ("role.editors", "on"), WHY]).await;
    let undo = chief.get("/admin").await.hidden();
    // There and back: the roles are the same again, and yet somebody wants them so.
    let both = [("shown", "editors"), ("role.editors", "on"), ("role.writers", "on"), WHY];
    deputy.post(&path, &both).await;
    deputy.post(&path, &[("shown", "editors writers"), ("role.editors", "on"), WHY]).await;
    let page = take_back(&chief, "roles", &undo).await;
    assert!(page.contains("can no longer be undone"), "{page}");
}

#[rocket::async_test]
async fn of_two_who_change_roles_at_once_the_second_is_told_and_undoes_nothing() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let deputy = app.staff("deputy", "admin").await;
    app.account("ada", &[]).await;
    let id = app.id_of("ada").await;
    let path = format!("/admin/accounts/{id}/roles");
    let (of_chief, of_deputy) = (chief.get(&path).await, deputy.get(&path).await);
    let shown = of_chief.value_of("shown");
    let fields = [("shown", shown.as_str()), ("role.support", "on"), WHY];
    let done = chief.post_with(&path, &of_chief.csrf(), &fields).await;
    assert_eq!(done.status, Status::SeeOther, "{}", done.body);
    let fields = [("shown", shown.as_str()), ("role.auditor", "on"), WHY];
    let refused = deputy.post_with(&path, &of_deputy.csrf(), &fields).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.body.contains("Someone changed these roles"), "{}", refused.body);
    assert!(refused.page().is_ticked("role.support"), "as they are now");
    assert!(!refused.page().is_ticked("role.auditor"), "{}", refused.body);
    let shown = refused.value_of("shown");
    let both = [("shown", shown.as_str()), ("role.auditor", "on"), ("role.support", "on"), WHY];
    let done = deputy.post_with(&path, &refused.csrf(), &both).await;
    assert_eq!(done.status, Status::SeeOther, "{}", done.body);
}

#[rocket::async_test]
async fn of_two_who_switch_off_at_once_neither_takes_back_what_the_other_wants() {
    let app = App::start().await;
    let browsers = [app.staff("helper", "support").await, app.staff("chief", "admin").await];
    let mut ids = vec![];
    for name in ["ada", "bob"] {
        app.account(name, &[]).await;
        ids.push(app.id_of(name).await);
    }
    let path = "/admin/accounts/disable";
    let page = format!("{path}?id={}", ids.join("&id="));
    let both = ids.join(",");
    let send = async |browser: &Browser<'_>| {
        let answer = browser.post_at(&page, path, &[("ids", &both), WHY]).await;
        assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
        browser.get("/admin/accounts").await
    };
    let (first, second) = rocket::tokio::join!(send(&browsers[0]), send(&browsers[1]));
    // The second one found them off already, and has nothing to take back.
    let has_button = |answer: &crate::app::Answer| answer.page().has("form[id=undo]");
    let (first_one, answer) = match (has_button(&first), has_button(&second)) {
        (true, false) => (&browsers[0], first),
        (false, true) => (&browsers[1], second),
        both => panic!("{both:?}"),
    };
    let page = take_back(first_one, "disable", &answer.hidden()).await;
    assert!(page.contains("can no longer be undone"), "{page}");
    assert!(!can_log_in(&app, "ada").await && !can_log_in(&app, "bob").await);
}

#[rocket::async_test]
async fn of_two_who_take_one_act_back_at_once_one_does() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    let account = app.account("ada", &[]).await;
    let undo = act(&helper, "disable", &account.id.to_string()).await;
    let token = helper.token().await;
    let press = async || {
        let browser = helper.copied();
        browser.post_with("/admin/undo/disable", &token, &undo.pairs()).await;
        browser.get("/admin/accounts").await.body
    };
    let (first, second) = rocket::tokio::join!(press(), press());
    let done = [&first, &second].iter().filter(|page| page.contains("Undone.")).count();
    let late =
        [&first, &second].iter().filter(|page| page.contains("can no longer be undone")).count();
    assert_eq!((done, late), (1, 1), "{first}\n{second}");
    assert!(can_log_in(&app, "ada").await);
}

#[rocket::async_test]
async fn support_does_not_forgive_the_guesses_at_an_administrator() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let helper = app.staff("helper", "support").await;
    let path = format!("/admin/accounts/{}/forgive", app.id_of("chief").await);
    app.browser().log_in_with("chief", "not the password").await;
    let answer = helper.post_with(&path, &helper.token().await, &[]).await;
    assert_eq!(answer.location.as_deref(), Some(&*path.replace("/forgive", "")));
    let page = helper.get("/admin").await.body;
    assert!(page.contains("has permissions that yours does not have"), "{page}");
    let log = app.staff("reader", "auditor").await.get("/admin/audit").await.body;
    assert!(!log.contains("throttle.lifted</code>"), "{log}");
}

#[rocket::async_test]
async fn an_undo_brings_no_role_back_that_was_removed_or_renamed_since() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let deputy = app.staff("deputy", "admin").await;
    for role in ["cashiers", "editors"] {
        app.account(role, &[role]).await;
        let path = format!("/admin/accounts/{}/roles", app.id_of(role).await);
        chief.post(&path, &[("shown", role), WHY]).await;
        let undo = chief.get("/admin").await.hidden();
        if role == "cashiers" {
            deputy.post("/admin/roles/cashiers/remove", &[WHY]).await;
        } else {
            let name = [("name", "writers"), ("description", ""), WHY];
            deputy.post("/admin/roles/editors", &name).await;
        }
        let page = take_back(&chief, "roles", &undo).await;
        assert!(page.contains("can no longer be undone"), "{page}");
        let roles = chief.get("/admin/roles").await.page();
        assert!(
            roles.links_to("/admin/new-role") && !roles.links_to(&format!("/admin/roles/{role}"))
        );
    }
}
