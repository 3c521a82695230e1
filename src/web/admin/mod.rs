//! `/admin`: the pages of staff. Every route takes a staff guard; tests hold
//! each against the table of who may do what in `docs/assurance/roles.md`.

mod accounts;
mod applications;
mod attention;
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

use crate::domain::accounts::permissions::Permission;
use crate::web::answer::message::Message;
use crate::web::answer::sections::Section;

/// The navigation for staff: each page with what its guard asks for.
pub const SECTIONS: [Section; 7] = [
    Section::new("/admin", "Overview", Permission::Look),
    Section::new("/admin/accounts", "Accounts", Permission::Look),
    Section::new("/admin/sessions", "Sessions", Permission::Look),
    Section::new("/admin/applications", "Applications", Permission::Look),
    Section::new("/admin/roles", "Roles", Permission::Administer),
    Section::new("/admin/audit", "Audit log", Permission::ReadAudit),
    Section::new("/admin/doctor", "System check", Permission::Administer),
];

/// The addresses below `/admin`.
pub fn routes() -> Vec<Route> {
    [
        overview::routes(),
        accounts::routes(),
        accounts::export::routes(),
        accounts::new::routes(),
        accounts::one::routes(),
        accounts::edit::routes(),
        accounts::roles::routes(),
        accounts::recovery::routes(),
        accounts::bulk::routes(),
        accounts::bulk_roles::routes(),
        undo::routes(),
        applications::routes(),
        applications::new::routes(),
        applications::one::routes(),
        applications::edit::routes(),
        applications::rules::routes(),
        applications::remove::routes(),
        applications::proxy::routes(),
        applications::refusals::routes(),
        applications::explain::routes(),
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
        applications::act::MESSAGES,
        accounts::bulk::MESSAGES,
        accounts::bulk_roles::MESSAGES,
        accounts::edit::MESSAGES,
        accounts::one::MESSAGES,
        accounts::roles::MESSAGES,
        revocations::MESSAGES,
        roles::MESSAGES,
        undo::MESSAGES,
    ]
    .concat()
}
