//! `/admin`: the pages of staff. Every route takes a staff guard; a test holds
//! each against the table of who may do what.

mod accounts;
mod audit;
mod doctor;
mod export;
mod messages;
mod overview;
mod query;
mod reason;
mod revocations;
mod roles;
mod sessions;
mod undo;
mod view;

use rocket::Route;

use crate::web::answer::message::Message;

#[cfg(feature = "test-support")]
use crate::domain::accounts::permissions::Permission;

/// The addresses below `/admin`.
pub fn routes() -> Vec<Route> {
    [
        overview::routes(),
        accounts::routes(),
        accounts::export::routes(),
        accounts::new::routes(),
        accounts::one::routes(),
        accounts::roles::routes(),
        accounts::recovery::routes(),
        accounts::bulk::routes(),
        undo::routes(),
        sessions::routes(),
        sessions::end::routes(),
        sessions::end_all::routes(),
        revocations::routes(),
        roles::routes(),
        audit::routes(),
        audit::export::routes(),
        doctor::routes(),
    ]
    .concat()
}

/// What the pages below `/admin` say.
pub fn messages() -> Vec<Message> {
    [
        messages::MESSAGES,
        accounts::bulk::MESSAGES,
        accounts::one::MESSAGES,
        accounts::roles::MESSAGES,
        revocations::MESSAGES,
        roles::MESSAGES,
        undo::MESSAGES,
    ]
    .concat()
}

/// What each address below `/admin` needs: (method, pattern, permission). The
/// guards enforce it; this list is for documents, and for the test that holds
/// the two against each other.
#[cfg(feature = "test-support")]
pub const NEEDED: [(&str, &str, Permission); 41] = [
    ("GET", "/admin", Permission::Look),
    ("GET", "/admin/accounts", Permission::Look),
    ("GET", "/admin/accounts.csv", Permission::ReadAudit),
    ("GET", "/admin/accounts.jsonl", Permission::ReadAudit),
    ("GET", "/admin/accounts/<id>", Permission::Look),
    ("GET", "/admin/accounts/new", Permission::Administer),
    ("POST", "/admin/accounts/new", Permission::Administer),
    ("GET", "/admin/accounts/<id>/roles", Permission::Administer),
    ("POST", "/admin/accounts/<id>/roles", Permission::Administer),
    ("GET", "/admin/accounts/<id>/recovery", Permission::ManageAccounts),
    ("POST", "/admin/accounts/<id>/recovery", Permission::ManageAccounts),
    ("POST", "/admin/accounts/<id>/forgive", Permission::EndSessions),
    ("GET", "/admin/accounts/disable", Permission::ManageAccounts),
    ("POST", "/admin/accounts/disable", Permission::ManageAccounts),
    ("GET", "/admin/accounts/enable", Permission::ManageAccounts),
    ("POST", "/admin/accounts/enable", Permission::ManageAccounts),
    ("GET", "/admin/accounts/end-sessions", Permission::EndSessions),
    ("POST", "/admin/accounts/end-sessions", Permission::EndSessions),
    ("GET", "/admin/accounts/delete", Permission::Administer),
    ("POST", "/admin/accounts/delete", Permission::Administer),
    ("POST", "/admin/undo/disable", Permission::ManageAccounts),
    ("POST", "/admin/undo/roles", Permission::Administer),
    ("GET", "/admin/sessions", Permission::Look),
    ("GET", "/admin/sessions/end", Permission::EndSessions),
    ("POST", "/admin/sessions/end", Permission::EndSessions),
    ("GET", "/admin/sessions/end-all", Permission::Administer),
    ("POST", "/admin/sessions/end-all", Permission::Administer),
    ("GET", "/admin/revocations", Permission::Look),
    ("GET", "/admin/revocations/new", Permission::EndSessions),
    ("POST", "/admin/revocations/new", Permission::EndSessions),
    ("GET", "/admin/roles", Permission::Administer),
    ("GET", "/admin/new-role", Permission::Administer),
    ("POST", "/admin/new-role", Permission::Administer),
    ("GET", "/admin/roles/<name>", Permission::Administer),
    ("POST", "/admin/roles/<name>", Permission::Administer),
    ("GET", "/admin/roles/<name>/remove", Permission::Administer),
    ("POST", "/admin/roles/<name>/remove", Permission::Administer),
    ("GET", "/admin/audit", Permission::ReadAudit),
    ("GET", "/admin/audit.csv", Permission::ReadAudit),
    ("GET", "/admin/audit.jsonl", Permission::ReadAudit),
    ("GET", "/admin/doctor", Permission::Administer),
];
