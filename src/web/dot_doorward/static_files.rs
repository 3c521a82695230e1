//! `/.doorward/static`: the files of our pages there; `/static` is the application's.

use rocket::http::Status;
use rocket::{Route, get, routes};

use crate::web::answer::asset::{Asset, asset};
use crate::web::guarding::site::Site;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![file]
}

#[get("/.doorward/static/<name>")]
fn file(_site: Site, name: &str) -> Result<Asset, Status> {
    asset(name)
}
