//! `/healthz` and `/readyz`, for whoever watches over the server. They answer
//! whatever the Host header says.

use rocket::http::Status;
use rocket::{Route, get, routes};

use super::Service;
use crate::accounts;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![live, ready]
}

/// The process answers.
#[get("/healthz")]
fn live() -> &'static str {
    "ok\n"
}

/// It can do its work: the database answers, no key is missing and revocations are known.
#[get("/readyz")]
async fn ready(doorward: &Service) -> (Status, &'static str) {
    if accounts::count_admins(doorward.db.read()).await.is_err() {
        (Status::ServiceUnavailable, "the database does not answer\n")
    } else if doorward.keys.missing().is_some() {
        (Status::ServiceUnavailable, "another server signs with a key that is missing here\n")
    } else if !doorward.sessions.index.is_fresh() {
        (Status::ServiceUnavailable, "revocations have not been read for too long\n")
    } else {
        (Status::Ok, "ready\n")
    }
}
