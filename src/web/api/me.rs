//! `/api/me`: whom a token speaks for.

use rocket::http::Header;
use rocket::serde::json::Json;
use rocket::{Route, get, routes};
use serde::Serialize;

use super::bearer::BearerOrQuery;
use super::error::ApiError;
use crate::domain::accounts;
use crate::web::request::service::Service;

/// The addresses of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![me]
}

#[derive(Serialize)]
struct Me {
    sub: String,
    username: String,
    email: String,
    roles: Vec<String>,
    sid: String,
    auth_time: i64,
}

/// `/api/me`, which a token in the query makes private (RFC 6750, section 2.3).
#[derive(rocket::Responder)]
struct Private {
    body: Json<Me>,
    cache: Header<'static>,
}

#[get("/me")]
async fn me(who: BearerOrQuery, doorward: &Service) -> Result<Private, ApiError> {
    let who = who.0?;
    let account = accounts::by_id(doorward.db.read(), who.account).await?;
    let me = Me {
        sub: account.id.to_string(),
        username: account.username,
        email: account.email,
        roles: account.roles.names().map(str::to_owned).collect(),
        sid: who.session.to_string(),
        auth_time: who.auth.at.seconds(),
    };
    let cache = Header::new("Cache-Control", "private, no-store");
    Ok(Private { body: Json(me), cache })
}
