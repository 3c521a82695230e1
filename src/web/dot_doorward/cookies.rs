//! The cookies of hosts of applications.

use rocket::request::{FromRequest, Outcome, Request};

use crate::web::request::cookies::Outgoing;

/// The answer may set cookies of this host.
pub(super) struct Cookies<'r>(pub(super) &'r Outgoing);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Cookies<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(Outgoing::of(request)))
    }
}
