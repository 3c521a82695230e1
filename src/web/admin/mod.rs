//! `/admin`: the pages of staff. Every route takes a staff guard; tests hold
//! each against the table of who may do what in `docs/roles.md`.

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
