//! `/account/data.json`: everything kept about the signed-in account, as a file.

use std::sync::Arc;

use rocket::http::ContentType;
use rocket::{Route, get, routes};

use crate::service::export::Lines;
use crate::service::personal_data;
use crate::web::answer::download::Download;
use crate::web::request::guards::RecentlySignedIn;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![data]
}

#[get("/account/data.json")]
fn data(who: RecentlySignedIn, doorward: &Service) -> Download<Lines> {
    let parts = personal_data::of(Arc::clone(doorward.inner()), who.0.principal);
    Download::new("doorward.json", ContentType::JSON, parts)
}
