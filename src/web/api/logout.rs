//! `/api/logout`: ending the session of a token.

use rocket::http::Status;
use rocket::{Route, post, routes};

use super::bearer::Bearer;
use super::error::ApiError;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![log_out]
}

#[post("/logout")]
async fn log_out(
    who: Bearer,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Status, ApiError> {
    let who = who.0?;
    doorward.sessions.log_out(who.account, who.session, &caller.0, now.0).await?;
    Ok(Status::NoContent)
}
