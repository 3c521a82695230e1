//! `/static`: stylesheets, font and icons, which a browser may keep indefinitely.

use rocket::http::Status;
use rocket::{Route, get, routes};

use crate::web::answer::asset::{Asset, asset};

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![file]
}

#[get("/static/<name>")]
fn file(name: &str) -> Result<Asset, Status> {
    asset(name)
}
