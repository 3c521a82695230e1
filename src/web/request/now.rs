//! The time, as routes take it.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};

use crate::base::timestamp::Timestamp;
use crate::service::Doorward;

/// The moment of the request.
#[derive(Clone, Copy)]
pub struct Now(pub Timestamp);

impl Now {
    /// The same for everyone who asks during one request.
    pub fn of(request: &Request<'_>) -> Timestamp {
        request.local_cache(|| Now(Doorward::of(request).clock.now())).0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Now {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Now(Now::of(request)))
    }
}
