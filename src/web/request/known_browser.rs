//! Whether some account was signed in to with this browser before.

use rocket::request::{FromRequest, Outcome, Request};

use super::cookies::{Cookie, Received};
use super::now::Now;
use crate::domain::throttle::known_browser::{self, Known};
use crate::service::Doorward;

/// The browser, if some account was logged in with it before. It proves
/// nothing else; never denies.
pub struct KnownBrowser(pub Option<Known>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for KnownBrowser {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let (keys, now) = (&Doorward::of(request).keys, Now::of(request));
        let token = Received::of(request).get(Cookie::Known);
        Outcome::Success(Self(token.and_then(|token| known_browser::verify(keys, token, now))))
    }
}
