//! Who sent a request, worked out once from its cookies.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use super::caller::Caller;
use super::cookies::{Cookie, Outgoing, Received};
use super::now::Now;
use super::request_id::RequestId;
use crate::base::error::Result;
use crate::domain::audit::RequestSource;
use crate::domain::sessions::tokens::access::Claims;
use crate::domain::sessions::tokens::refresh::RefreshToken;
use crate::domain::sessions::{
    Access, Audience, EndReason, Predecessor, Principal, Refreshed, Replaces,
};
use crate::service::Doorward;

/// Who sent a request.
#[derive(Debug)]
pub enum Identity {
    /// Somebody with a good access token, perhaps refreshed a moment ago.
    SignedIn(Principal),
    /// Somebody whose session was renewed less than a minute ago, with the
    /// cookies of before: signed in to nothing, unless the form that renewed it
    /// is sent again.
    Renewed(Predecessor),
    /// Nobody we know; perhaps somebody whose session is over.
    Anonymous(Option<EndReason>),
    /// The database could not say. Neither yes nor no.
    Unavailable,
}

/// Who sent this request, worked out once however many guards ask.
///
/// An access token that has run out is refreshed here and now, for a form as
/// for a page: what somebody typed for eleven minutes is not lost.
pub async fn identity<'r>(request: &'r Request<'_>) -> &'r Identity {
    request
        .local_cache_async(async {
            identify(request).await.unwrap_or_else(|error| {
                tracing::error!(id = RequestId::of(request), %error, "cannot tell who sent a request");
                Identity::Unavailable
            })
        })
        .await
}

/// What the access token of a request says, read and nothing more: no token is
/// refreshed and no cookie is set. For answers that cannot carry our cookies;
/// everything else asks [`identity`].
#[derive(Debug)]
pub enum AccessCookie {
    /// Somebody is signed in.
    Granted(Principal),
    /// Somebody may be, if the refresh token is good. With the claims of an
    /// access token that has not run out but must be refreshed first.
    MustRefresh(Option<Box<Claims>>),
}

/// Reads the access cookie.
///
/// # Errors
/// The database could not say whether the token was revoked.
pub async fn read_access_cookie(request: &Request<'_>) -> Result<AccessCookie> {
    let doorward = Doorward::of(request);
    let received = Received::of(request);
    if received.spoofed {
        let RequestSource { request_id, address, .. } = Caller::of(request);
        tracing::warn!(id = request_id, address, "cookie.spoof");
    }
    let Some(token) = received.get(Cookie::Access) else {
        return Ok(AccessCookie::MustRefresh(None));
    };
    let (caller, now) = (|| Caller::of(request), Now::of(request));
    Ok(match doorward.sessions.verify(token, Audience::Web, caller, now).await? {
        Access::Granted(principal) => AccessCookie::Granted(principal),
        Access::Outdated(claims) => AccessCookie::MustRefresh(Some(claims)),
        Access::Denied => AccessCookie::MustRefresh(None),
    })
}

async fn identify(request: &Request<'_>) -> Result<Identity> {
    let outdated = match read_access_cookie(request).await? {
        AccessCookie::Granted(principal) => return Ok(Identity::SignedIn(principal)),
        AccessCookie::MustRefresh(claims) => claims,
    };
    let token = Received::of(request).get(Cookie::Refresh).and_then(RefreshToken::parse);
    let Some(token) = token else { return Ok(Identity::Anonymous(None)) };
    let (sessions, caller) = (&Doorward::of(request).sessions, Caller::of(request));
    let now = Now::of(request);
    // Boxed: this future is part of every request's, and most refresh nothing.
    let refresh = sessions.refresh(&token, outdated.as_deref(), Audience::Web, caller, now);
    match Box::pin(refresh).await? {
        Refreshed::Issued(issued) => {
            Outgoing::of(request).set_tokens(&issued);
            Ok(Identity::SignedIn(issued.principal))
        }
        Refreshed::LetIn(principal) => Ok(Identity::SignedIn(principal)),
        Refreshed::Renewed(before) => Ok(Identity::Renewed(before)),
        // The dead cookies stay: the sign-in page tells by them what happened,
        // and another tab may be about to replace them with good ones.
        Refreshed::Ended(reason) => Ok(Identity::Anonymous(Some(reason))),
        Refreshed::Unknown => Ok(Identity::Anonymous(None)),
    }
}

/// The sender of the request. For pages that everybody may see; never denies.
pub struct MaybeSignedIn<'r>(pub &'r Identity);

impl MaybeSignedIn<'_> {
    /// Whether somebody is signed in.
    pub fn is_signed_in(&self) -> bool {
        matches!(self.0, Identity::SignedIn(_))
    }

    /// The session that a new one in this browser takes the place of.
    pub fn replaced(&self) -> Option<Replaces> {
        match self.0 {
            Identity::SignedIn(principal) => Some(Replaces::Present(principal.session)),
            // Its tokens were lost on the way.
            Identity::Renewed(before) => Some(Replaces::Successor(*before)),
            Identity::Anonymous(_) | Identity::Unavailable => None,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for MaybeSignedIn<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match identity(request).await {
            Identity::Unavailable => Outcome::Error((Status::ServiceUnavailable, ())),
            known => Outcome::Success(Self(known)),
        }
    }
}

/// The refresh token that came along, if any. It proves nothing yet; never denies.
pub struct ShownToken(pub Option<RefreshToken>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ShownToken {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let token = Received::of(request).get(Cookie::Refresh);
        Outcome::Success(Self(token.and_then(RefreshToken::parse)))
    }
}
