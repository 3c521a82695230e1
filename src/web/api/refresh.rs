//! `/api/refresh`: new tokens for a refresh token.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, post, routes};
use serde::Deserialize;

use super::error::ApiError;
use super::json::Body;
use super::tokens::Tokens;
use crate::domain::sessions::tokens::refresh::RefreshToken;
use crate::domain::sessions::{Audience, Refreshed};
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![refresh]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: String,
}

#[post("/refresh", data = "<body>")]
async fn refresh(
    body: Body<Refresh>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Json<Tokens>, ApiError> {
    let token = RefreshToken::parse(&body.0?.refresh_token).ok_or_else(ApiError::invalid_token)?;
    match doorward.sessions.refresh(&token, None, Audience::Api, &caller.0, now.0).await? {
        Refreshed::Issued(issued) => Ok(Tokens::of(*issued, None)),
        Refreshed::LetIn(_) => Err(ApiError::new(
            Status::Unauthorized,
            "superseded",
            "This refresh token has a successor that is in use. Nothing has ended; use the newer one.",
        )),
        Refreshed::Renewed(_) => Err(ApiError::invalid_token()),
        Refreshed::Ended(reason) => {
            let words = format!("The session is over ({}). Sign in again.", reason.name());
            Err(ApiError::new(Status::Unauthorized, "invalid_token", words))
        }
        Refreshed::Unknown => Err(ApiError::invalid_token()),
    }
}
