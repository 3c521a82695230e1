//! Request guards: what a route may demand before its body runs.
//!
//! A guard's name states what it proves. No route body checks a role or reads
//! a token: it takes the guard, and a request that fails it never arrives.

use rocket::http::Status;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome, Request};

use super::caller::Caller;
use super::denial::Denial;
use super::identity::{Identity, identity};
use super::now::Now;
use super::request_id::RequestId;
use crate::base::error::Error;
use crate::domain::accounts::{self, Account};
use crate::domain::sessions::{self, Actor, Audience, Predecessor, Principal};
use crate::service::Doorward;

/// Somebody is signed in, as their access token states. Enough to show pages
/// of their own. Else: 401; 503 when that cannot be told.
pub struct SignedIn(pub Principal);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match identity(request).await {
            Identity::SignedIn(principal) => Outcome::Success(Self(principal.clone())),
            Identity::Renewed(_) | Identity::Anonymous(_) => Denial::NotSignedIn.deny(request),
            Identity::Unavailable => Outcome::Error((Status::ServiceUnavailable, ())),
        }
    }
}

/// Somebody is signed in, and their session and account are live in the
/// database at this moment: demanded by everything that changes state. Else as
/// [`SignedIn`].
pub struct LiveSession {
    /// The account with its present roles.
    pub account: Account,
    /// The session, as the token states.
    pub principal: Principal,
    /// Whether it is new and active enough for staff pages, should the account
    /// have a right to any.
    pub opens_staff_pages: bool,
}

impl LiveSession {
    /// A signed-in person does something from there, for that reason.
    pub fn acting<'a>(&self, caller: &'a Caller, reason: &'a str) -> Actor<'a> {
        Actor::signed_in(&self.principal, &caller.0, reason)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LiveSession {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let SignedIn(mut principal) = try_outcome!(request.guard::<SignedIn>().await);
        let now = Now::of(request);
        let db = Doorward::of(request).db.read();
        let looked_up = async {
            let session = sessions::by_id(db, principal.session).await?;
            let account = accounts::by_id(db, principal.account).await?;
            // The token says whose session it is and when the password was
            // given; only the row is trusted.
            let ours = session.account == account.id && session.client == Audience::Web;
            let live = ours && session.is_live(now) && account.disabled_at.is_none();
            Ok::<_, Error>((live, session, account))
        };
        match looked_up.await {
            Ok((true, session, account)) => {
                principal.auth = session.auth;
                let longest = Doorward::of(request).settings.sessions.staff_absolute;
                let opens_staff_pages = session.opens_staff_pages(longest, now);
                Outcome::Success(Self { account, principal, opens_staff_pages })
            }
            Ok((false, ..)) | Err(Error::NotFound) => Denial::NotSignedIn.deny(request),
            Err(error) => {
                tracing::error!(id = RequestId::of(request), %error, "cannot tell whether a session lives");
                Outcome::Error((Status::ServiceUnavailable, ()))
            }
        }
    }
}

/// As [`LiveSession`], and the password was given in the last minutes. Else:
/// first to `/confirm`.
pub struct RecentlySignedIn(pub LiveSession);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for RecentlySignedIn {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let live = try_outcome!(request.guard::<LiveSession>().await);
        recently(request, live).map(Self)
    }
}

/// What a form that asks for the password may come from: a session that passes
/// the guard `G`, or one that this very form renewed less than a minute ago,
/// sent again because the answer was lost or the button pressed twice.
pub enum Repeatable<G> {
    /// The first time.
    First(G),
    /// Sent again.
    Again(Predecessor),
}

#[rocket::async_trait]
impl<'r, G: FromRequest<'r, Error = ()>> FromRequest<'r> for Repeatable<G> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match identity(request).await {
            Identity::Renewed(before) => Outcome::Success(Self::Again(*before)),
            _ => request.guard::<G>().await.map(Self::First),
        }
    }
}

/// To act, the password must have been given lately.
pub(super) fn recently(request: &Request<'_>, live: LiveSession) -> Outcome<LiveSession, ()> {
    let limit = Doorward::of(request).settings.sessions.recent_login;
    if live.principal.auth.is_within(limit, Now::of(request)) {
        Outcome::Success(live)
    } else {
        Denial::NotRecent.deny(request)
    }
}
