//! `/misdirected`: where requests for another Host end.

use rocket::http::Status;
use rocket::{Route, get, routes};

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![misdirected]
}

#[get("/misdirected")]
fn misdirected() -> Status {
    Status::MisdirectedRequest
}
