//! `/healthz` and `/readyz`, for monitoring of the server. They answer
//! whatever the Host header says.

use rocket::http::Status;
use rocket::{Route, get, routes};

use crate::base::clock::Standing;
use crate::domain::accounts;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![live, ready]
}

/// The process answers.
#[get("/healthz")]
fn live() -> &'static str {
    "ok\n"
}

/// It can do its work: the database answers, no key is missing, revocations are
/// known, and its clock is not far from the database's.
#[get("/readyz")]
async fn ready(doorward: &Service) -> (Status, &'static str) {
    if accounts::count_admins(doorward.db.read()).await.is_err() {
        (Status::ServiceUnavailable, "the database does not answer\n")
    } else if doorward.keys.missing().is_some() {
        (Status::ServiceUnavailable, "another server signs with a key that is missing here\n")
    } else if !doorward.sessions.index.is_fresh() {
        (Status::ServiceUnavailable, "revocations have not been read for too long\n")
    } else {
        match doorward.clock.standing() {
            Standing::Certain => (Status::Ok, "ready\n"),
            // It passes by itself, and signs nobody out meanwhile.
            Standing::Stepped => (Status::Ok, "ready, but the clock was set a moment ago\n"),
            Standing::Apart(_) => {
                (Status::ServiceUnavailable, "the clock is more than 5 s from the database's\n")
            }
        }
    }
}
