//! "what they do is in the audit log, every act on an account with its
//! reason": no act that asks for a reason comes about without one.

use rocket::http::Status;
use sea_orm::{ConnectionTrait, Statement};

use crate::app::{App, Browser};

async fn newest(app: &App, column: &str) -> String {
    let db = app.doorward.db.read();
    let sql = format!("SELECT CAST({column} AS TEXT) FROM audit_events ORDER BY id DESC LIMIT 1");
    let asked = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(asked).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// A page, where its form is sent, and what is typed into it.
type Form<'a> = ((String, String), &'a [(&'a str, &'a str)]);

/// Opens the page and sends its form there, with that reason, if any.
async fn act(
    chief: &Browser<'_>,
    (page, path): (&str, &str),
    fields: &[(&str, &str)],
    reason: Option<&str>,
) -> Status {
    let shown = chief.get(page).await;
    let mut all = fields.to_vec();
    let hidden = ["shown", "sid"].map(|name| (name, shown.value_of(name)));
    let hidden = hidden.iter().filter(|(_, value)| !value.is_empty());
    all.extend(hidden.map(|(name, value)| (*name, &**value)));
    all.extend(reason.map(|reason| ("reason", reason)));
    chief.post_with(path, &shown.csrf(), &all).await.status
}

#[rocket::async_test]
async fn no_act_comes_about_without_its_reason_and_each_reason_is_kept() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let ada = app.account("ada", &["editors"]).await.id.to_string();
    let browser = app.signed_in("ada").await;
    let token = browser.cookie("__Host-at").unwrap();
    let at = |path: &str| path.replace("ID", &ada);
    let own = |path: &str| (at(path), at(path));
    let on = |path: &str| (format!("{path}?id={ada}"), path.to_owned());
    let new = [("username", "eve"), ("email", "eve@example.org")];
    // In an order in which each can still be done after those before it.
    let acts: [Form<'_>; 13] = [
        (own("/admin/accounts/new"), &new),
        (own("/admin/new-role"), &[("name", "writers")]),
        (own("/admin/roles/editors"), &[("name", "readers")]),
        (own("/admin/roles/readers/remove"), &[]),
        (own("/admin/accounts/ID/recovery"), &[]),
        (own("/admin/accounts/ID/roles"), &[("role.support", "on")]),
        (own("/admin/revocations/new"), &[("token", &token)]),
        (("/admin/sessions/end?account=ada".into(), "/admin/sessions/end".into()), &[]),
        (on("/admin/accounts/end-sessions"), &[("ids", &ada)]),
        (on("/admin/accounts/disable"), &[("ids", &ada)]),
        (on("/admin/accounts/enable"), &[("ids", &ada)]),
        (on("/admin/accounts/delete"), &[("ids", &ada)]),
        (own("/admin/sessions/end-all"), &[]),
    ];
    for (number, ((page, path), fields)) in acts.iter().enumerate() {
        let before = newest(&app, "id").await;
        for reason in [None, Some(""), Some("  "), Some("a\u{7}b\u{7}"), Some(&*"x".repeat(301))] {
            let status = act(&chief, (page, path), fields, reason).await;
            let refused = [Status::UnprocessableEntity, Status::BadRequest].contains(&status);
            assert!(refused, "{path} {reason:?}: {status}");
            assert_eq!(newest(&app, "id").await, before, "{path} {reason:?}");
        }
        let reason = format!("the reason number {number}");
        let status = act(&chief, (page, path), fields, Some(&reason)).await;
        assert!([Status::SeeOther, Status::Ok].contains(&status), "{path}: {status}");
        assert_eq!(newest(&app, "reason").await, reason, "{path}");
    }
    assert!(!chief.is_signed_in().await, "the last one ends everybody's session");
}
