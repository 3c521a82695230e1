//! Where a request came from: the client's address and its browser.

use rocket::request::{FromRequest, Outcome, Request};

use super::request_id::RequestId;
use super::user_agent;
use crate::domain::audit::RequestSource;
use crate::service::Doorward;

/// Where a request came from.
pub struct Caller(pub RequestSource);

impl Caller {
    /// The client's address, as far as proxies are trusted, and its browser.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r RequestSource {
        request.local_cache(|| {
            let trusted = &Doorward::of(request).settings.web.trusted_proxies;
            let headers = request.headers();
            let address = request.remote().map(|peer| {
                user_agent::client_address(peer.ip(), headers.get("x-forwarded-for"), trusted)
            });
            let said = headers.get_one("user-agent").unwrap_or_default();
            RequestSource {
                request_id: RequestId::of(request).to_owned(),
                address: address.map(|address| address.to_string()).unwrap_or_default(),
                user_agent: said.chars().filter(|c| !c.is_control()).take(200).collect(),
            }
        })
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(Self::of(request).clone()))
    }
}
