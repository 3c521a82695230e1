//! `/.doorward/leave`: to where somebody can sign out. A link for the
//! application's own button; it changes nothing.

use rocket::{Route, get, routes};

use crate::web::answer::redirect::SeeOther;
use crate::web::guarding::site::Site;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![leave]
}

#[get("/.doorward/leave")]
fn leave(site: Site, doorward: &Service) -> SeeOther {
    let base = doorward.settings.base_url.as_str();
    SeeOther::at(format!("{base}/leave?application={}", site.found.application.slug))
}
