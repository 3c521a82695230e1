//! Everything that speaks HTTP. Each file of pages has the name of its address;
//! `server` is the whole list of what is mounted where.

pub mod admin;
pub mod answer;
mod auth;
mod dot_doorward;
mod enter;
pub mod form;
pub mod guarding;
mod leave;
pub mod request;

mod account;
mod api;
mod confirm;
mod health;
mod home;
mod login;
mod logout;
mod messages;
mod metrics;
mod misdirected;
mod recover;
mod register;
mod setup;
mod static_files;
mod well_known;

use std::sync::Arc;

use rocket::figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Rocket};

use self::account::overview::Overviews;
use self::answer::engine::Engine;
use self::answer::sections::Sections;
use self::request::staff_guards::Denials;
use crate::service::Doorward;

/// The web server over an opened service.
pub fn server(figment: Figment, doorward: Arc<Doorward>) -> Rocket<Build> {
    let engine = Engine::default();
    let zone = doorward.settings.web.time_zone;
    rocket::custom(figment)
        .manage(doorward)
        .manage(Overviews::default())
        .manage(Denials::default())
        .manage(messages::all())
        .manage(Sections(&admin::SECTIONS))
        .attach(engine.fairing(zone))
        .manage(engine)
        // Rocket's own set of headers would contradict ours.
        .attach(Shield::new())
        .attach(answer::headers::Headers)
        // Behind it: only requests for our Host.
        .attach(form::again::HeldForms)
        .mount("/", home::routes())
        .mount("/", login::routes())
        .mount("/", logout::routes())
        .mount("/", register::routes())
        .mount("/", confirm::routes())
        .mount("/", recover::routes())
        .mount("/", setup::routes())
        .mount("/", auth::verify::routes())
        .mount("/", dot_doorward::routes())
        .mount("/", enter::routes())
        .mount("/", leave::routes())
        .mount("/", account::routes())
        .mount("/", account::password::routes())
        .mount("/", account::sessions::routes())
        .mount("/", account::data::routes())
        .mount("/", account::delete::routes())
        .mount("/", account::display_name::routes())
        .mount("/", account::tokens::routes())
        .mount("/", health::routes())
        .mount("/", metrics::routes())
        .mount("/", misdirected::routes())
        .mount("/", static_files::routes())
        .mount("/", well_known::routes())
        .mount("/api", api::routes())
        .mount("/admin", admin::routes())
        .register("/", answer::failure::catchers())
}
