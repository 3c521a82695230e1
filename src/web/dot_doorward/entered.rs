//! `/.doorward/entered`: where somebody arrives who signed in in a second tab.

use rocket::http::Status;
use rocket::{Route, get, routes};

use crate::web::guarding::notice::Notice;
use crate::web::guarding::site::Site;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![entered]
}

#[get("/.doorward/entered")]
fn entered(_site: Site) -> Notice {
    Notice::elsewhere(Status::Ok, "You are signed in")
        .saying("Close this tab and reload the other one: your browser sends the form again.")
}
