//! The top floor: everything that speaks HTTP. Each file of pages has the
//! name of its address; `server` is the whole list of what is mounted where.

pub mod admin;
pub mod assets;
pub mod client;
pub mod clock;
pub mod cookies;
pub mod csrf;
pub mod failure;
pub mod forms;
pub mod guards;
pub mod headers;
pub mod message;
pub mod next;
pub mod page;
pub mod seen;

mod account;
mod api;
mod body;
mod health;
mod log;
mod login;
pub mod metrics;
mod my_sessions;
mod overview;
mod own_data;
mod recovery;
mod registration;
mod setup;
mod view;

use std::sync::Arc;

use rocket::figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Request, Rocket, State};
use rocket_dyn_templates::Template;

use self::guards::Denials;
use self::overview::Overviews;
use crate::Doorward;

/// The service, as routes take it.
pub type Service = State<Arc<Doorward>>;

/// The web server over an opened service.
pub fn server(figment: Figment, doorward: Arc<Doorward>) -> Rocket<Build> {
    rocket::custom(figment)
        .manage(doorward)
        .manage(Overviews::default())
        .manage(Denials::default())
        .attach(Template::try_custom(assets::templates))
        // Rocket's own set of headers would contradict ours.
        .attach(Shield::new())
        .attach(headers::Headers)
        .mount("/", registration::routes())
        .mount("/", login::routes())
        .mount("/", setup::routes())
        .mount("/", recovery::routes())
        .mount("/", account::routes())
        .mount("/", own_data::routes())
        .mount("/", my_sessions::routes())
        .mount("/", health::routes())
        .mount("/", metrics::routes())
        .mount("/", headers::routes())
        .mount("/", assets::routes())
        .mount("/api", api::routes())
        .mount("/admin", admin::routes())
        .register("/", failure::catchers())
}

impl Doorward {
    /// The service that this request is for.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        let service: &Arc<Self> = request.rocket().state().expect("the service is managed");
        service
    }
}
