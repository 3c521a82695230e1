//! "what they do is in the audit log, every act on an account with its
//! reason": no act that asks for a reason comes about without one.

use doorward::domain::applications::{Change, Draft, change_applications};
use doorward::domain::audit::RequestSource;
use doorward::domain::sessions::Actor;
use rocket::http::Status;
use sea_orm::{ConnectionTrait, Statement};
use shared::routes::{self, filled, filled_in, form_to, page_of};

use crate::app::{App, Browser};

async fn newest(app: &App, column: &str) -> String {
    let db = app.doorward.db.read();
    let sql = format!("SELECT CAST({column} AS TEXT) FROM audit_events ORDER BY id DESC LIMIT 1");
    let asked = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(asked).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// The acts that need none: an undo says itself what it takes back.
const WITHOUT: [&str; 5] = [
    "/admin/accounts/<id>/forgive",
    "/admin/undo/applications",
    "/admin/undo/disable",
    "/admin/undo/edit",
    "/admin/undo/roles",
];

/// Everything that staff can send.
fn acts() -> Vec<String> {
    let forms = routes::forms().into_iter().map(|route| route.address);
    let acts: Vec<String> =
        forms.filter(|it| it.starts_with("/admin") && !WITHOUT.contains(&&**it)).collect();
    assert!(acts.len() > 12, "{acts:?}");
    acts
}

/// An application with a rule.
async fn guard(app: &App) {
    let draft: Draft = serde_json::from_value(serde_json::json!({
        "slug": "wiki", "name": "Wiki", "hosts": ["wiki.localhost:9000"], "needs": "nobody",
        "rule": [{ "path": "/admin*", "needs": "roles", "roles": ["admin"] }],
    }))
    .unwrap();
    let doorward = &app.doorward;
    let parsed = draft.parse(doorward.applications.surroundings(false)).unwrap();
    let origin = RequestSource::command_line();
    let (actor, now) = (Actor::operator(&origin), app.clock().now());
    let one = Change::Add(draft, parsed);
    change_applications(&doorward.sessions, &[one], actor, now).await.unwrap();
    doorward.applications.sync(doorward.db.read()).await.unwrap();
}

/// Opens the page and sends its form, with that reason, if any.
async fn act(
    chief: &Browser<'_>,
    (address, id): (&str, &str),
    typed: &[(&str, &str)],
    reason: Option<&str>,
) -> Status {
    let page = chief.get(&filled(page_of(address), id)).await.page();
    let form = form_to(&page, address).unwrap_or_else(|| panic!("no form is sent to {address}"));
    let mut fields = filled_in(&form, typed);
    assert!(fields.iter().any(|(name, _)| name == "reason"), "{address} asks for no reason");
    fields.retain(|(name, _)| !["csrf", "reason"].contains(&&**name));
    fields.extend(reason.map(|reason| ("reason".to_owned(), reason.to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (&**name, &**text)).collect();
    chief.post_with(&form.action, &form.token(), &fields).await.status
}

#[rocket::async_test]
async fn no_act_comes_about_without_its_reason_and_each_reason_is_kept() {
    for address in acts() {
        // Each on accounts of its own: what one has done, another cannot do again.
        let app = App::start().await;
        let chief = app.staff("chief", "admin").await;
        let id = app.account("ada", &["editors"]).await.id.to_string();
        let token = app.signed_in("ada").await.cookie("__Host-at").unwrap();
        // She has the one and not the other.
        let role = if address.ends_with("/add-role") { "support" } else { "editors" };
        let typed = [("token", &*token), ("role", role)];
        if address == "/admin/accounts/enable" {
            act(&chief, ("/admin/accounts/disable", &id), &[], Some("so that it can be")).await;
        }
        if address != "/admin/applications/new" {
            guard(&app).await;
        }
        let before = newest(&app, "id").await;
        for reason in [None, Some(""), Some("  "), Some("a\u{7}b\u{7}"), Some(&*"x".repeat(301))] {
            let status = act(&chief, (&address, &id), &typed, reason).await;
            let refused = [Status::UnprocessableEntity, Status::BadRequest].contains(&status);
            assert!(refused, "{address} {reason:?}: {status}");
            assert_eq!(newest(&app, "id").await, before, "{address} {reason:?}");
        }
        let reason = format!("the reason of {address}");
        let status = act(&chief, (&address, &id), &typed, Some(&reason)).await;
        assert!([Status::SeeOther, Status::Ok].contains(&status), "{address}: {status}");
        assert_eq!(newest(&app, "reason").await, reason, "{address}");
        let ends_all = address == "/admin/sessions/end-all";
        assert_eq!(chief.is_signed_in().await, !ends_all, "{address}");
    }
}
