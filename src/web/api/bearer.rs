//! Who sent a request to the API.

use rocket::Request;
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};

use super::error::ApiError;
use crate::domain::sessions::{Access, Audience, Principal};
use crate::service::Doorward;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;

/// The account of the bearer token, or what to answer instead.
pub(super) struct Bearer(pub(super) Result<Principal, ApiError>);

impl Bearer {
    async fn of(token: Option<&str>, request: &Request<'_>) -> Result<Principal, ApiError> {
        let token = token.ok_or_else(ApiError::invalid_token)?;
        let sessions = &Doorward::of(request).sessions;
        let caller = || Caller::of(request);
        match sessions.verify(token, Audience::Api, caller, Now::of(request)).await {
            Ok(Access::Granted(principal)) => Ok(principal),
            Ok(Access::Outdated(_) | Access::Denied) => Err(ApiError::invalid_token()),
            Err(error) => {
                tracing::error!(%error, "cannot tell who sent a request");
                Err(ApiError::of_status(Status::ServiceUnavailable))
            }
        }
    }
}

/// The one `Authorization: Bearer` header of a request.
fn header_token<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let mut headers = request.headers().get("authorization");
    let (header, None) = (headers.next()?, headers.next()) else { return None };
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bearer {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        Outcome::Success(Self(Self::of(header_token(request), request).await))
    }
}

/// As [`Bearer`]; where the settings allow it, the token may also stand in the
/// query (RFC 6750, section 2.3, which advises against it).
pub(super) struct BearerOrQuery(pub(super) Result<Principal, ApiError>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for BearerOrQuery {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let allowed = Doorward::of(request).settings.web.allow_query_token;
        let in_query = match request.query_value::<&str>("access_token") {
            Some(Ok(token)) if allowed => Some(token),
            _ => None,
        };
        let in_header = header_token(request);
        let found = match (in_header, in_query) {
            (Some(_), Some(_)) => Err(ApiError::new(
                Status::BadRequest,
                "invalid_request",
                "Send the token once: in the Authorization header.",
            )),
            (token, other) => Bearer::of(token.or(other), request).await,
        };
        Outcome::Success(Self(found))
    }
}
