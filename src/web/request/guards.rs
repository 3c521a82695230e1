//! Request guards: what a route may demand before its body runs.
//!
//! A guard's name states what it proves. No route body checks a role or reads
//! a token: it takes the guard, and whoever fails it never arrives.

use std::time::Duration;

use moka::sync::Cache;
use rocket::http::Status;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome, Request};

use super::cookies::{Cookie, Outgoing, Received};
use super::now::Now;
use super::user_agent;
use crate::base::error::{Error, Result};
use crate::domain::accounts::permissions::Permission;
use crate::domain::accounts::{self, Account};
use crate::domain::audit::{self, Entry, Event, RequestSource};
use crate::domain::sessions::tokens::refresh::RefreshToken;
use crate::domain::sessions::{
    self, Access, Actor, Audience, EndReason, Predecessor, Principal, Refreshed, SessionId,
};
use crate::domain::throttle::known_browser::{self, Known};
use crate::service::Doorward;
use crate::web::answer::access_log::RequestId;

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

async fn identify(request: &Request<'_>) -> Result<Identity> {
    let sessions = &Doorward::of(request).sessions;
    let now = Now::of(request);
    let received = Received::of(request);
    if received.spoofed {
        let RequestSource { request_id, address, .. } = Caller::of(request);
        tracing::warn!(id = request_id, address, "cookie.spoof");
    }
    let caller = || Caller::of(request);
    let access = match received.get(Cookie::Access) {
        Some(token) => sessions.verify(token, Audience::Web, caller, now).await?,
        None => Access::Denied,
    };
    let outdated = match access {
        Access::Granted(principal) => return Ok(Identity::SignedIn(principal)),
        Access::Outdated(claims) => Some(claims),
        Access::Denied => None,
    };
    let Some(token) = received.get(Cookie::Refresh).and_then(RefreshToken::parse) else {
        return Ok(Identity::Anonymous(None));
    };
    // Boxed: this future is part of every request's, and most refresh nothing.
    let refresh = sessions.refresh(&token, outdated.as_deref(), Audience::Web, caller(), now);
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

/// Why a guard turned a request away, for the catcher that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Nobody is signed in.
    NotSignedIn,
    /// The password must be given again first.
    NotRecent,
}

impl Denial {
    /// Why this request was turned away; not signed in where nothing else is known.
    pub fn of(request: &Request<'_>) -> Self {
        *request.local_cache(|| Self::NotSignedIn)
    }

    /// Leaves it for the catcher.
    pub fn note(self, request: &Request<'_>) {
        request.local_cache(|| self);
    }

    fn deny<T>(self, request: &Request<'_>) -> Outcome<T, ()> {
        self.note(request);
        Outcome::Error((Status::Unauthorized, ()))
    }
}

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
            // given; only the row is believed.
            let ours = session.account == account.id && session.client == Audience::Web;
            let live = ours && session.is_live(now) && account.disabled_at.is_none();
            Ok::<_, Error>((live, session.auth_time, account))
        };
        match looked_up.await {
            Ok((true, auth_time, account)) => {
                principal.auth_time = auth_time;
                Outcome::Success(Self { account, principal })
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

macro_rules! staff_guard {
    ($(#[$doc:meta])* $name:ident, $permission:expr, $prove:ident) => {
        $(#[$doc])*
        pub struct $name(pub LiveSession);

        #[rocket::async_trait]
        impl<'r> FromRequest<'r> for $name {
            type Error = ();

            async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
                let live = try_outcome!(permitted(request, $permission).await);
                $prove(request, live).map(Self)
            }
        }
    };
}

/// Sessions that were refused something lately: of each, one refusal a minute
/// goes into the audit log, so that nobody can fill it up.
pub struct Denials(Cache<SessionId, ()>);

impl Default for Denials {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(60)).build())
    }
}

impl Denials {
    fn is_repeated(&self, session: SessionId) -> bool {
        !self.0.entry(session).or_insert(()).is_fresh()
    }
}

/// Somebody whose account, as it stands in the database, has that permission.
async fn permitted(request: &Request<'_>, permission: Permission) -> Outcome<LiveSession, ()> {
    let live = try_outcome!(request.guard::<LiveSession>().await);
    if live.account.roles.may(permission) {
        // What came with a right that was given since waits for the password.
        let raised = live.account.raised_at.is_some_and(|at| live.principal.auth_time < at);
        return if raised { Denial::NotRecent.deny(request) } else { Outcome::Success(live) };
    }
    let (doorward, origin) = (Doorward::of(request), Caller::of(request));
    let route = request.route().map_or("-", |route| route.uri.path());
    let denials: &Denials = request.rocket().state().expect("denials are managed");
    if denials.is_repeated(live.principal.session) {
        tracing::warn!(id = RequestId::of(request), route, "authz.denied");
        return Outcome::Error((Status::Forbidden, ()));
    }
    let told = Entry::by_owner(Event::Denied, live.account.id.0, origin)
        .in_session(live.principal.session.0)
        .with(format!("{} {route}", request.method()));
    if let Err(error) = audit::record(doorward.db.write(), told, Now::of(request)).await {
        tracing::error!(id = RequestId::of(request), %error, "a refusal cannot be written down");
    }
    Outcome::Error((Status::Forbidden, ()))
}

/// Enough to look.
fn now(_: &Request<'_>, live: LiveSession) -> Outcome<LiveSession, ()> {
    Outcome::Success(live)
}

/// To act, the password must have been given lately.
fn recently(request: &Request<'_>, live: LiveSession) -> Outcome<LiveSession, ()> {
    let age = Now::of(request).since(live.principal.auth_time);
    if age < Doorward::of(request).settings.recent_login {
        Outcome::Success(live)
    } else {
        Denial::NotRecent.deny(request)
    }
}

staff_guard! {
    /// A member of staff who may look at accounts and sessions. Else: 401, or 403 for a member.
    Staff, Permission::Look, now
}
staff_guard! {
    /// Somebody who may read the audit log. Else: 401 or 403.
    AuditReader, Permission::ReadAudit, now
}
staff_guard! {
    /// Somebody who may take data out, and gave the password lately. Else: 403, or first to `/confirm`.
    Exporter, Permission::ReadAudit, recently
}
staff_guard! {
    /// An administrator. Else: 401, or 403 for anybody else.
    Admin, Permission::Administer, now
}
staff_guard! {
    /// Somebody who may end sessions, and gave the password lately. Else: 403, or first to `/confirm`.
    CanEndSessions, Permission::EndSessions, recently
}
staff_guard! {
    /// Somebody who may switch accounts off and on, and gave the password lately.
    CanManageAccounts, Permission::ManageAccounts, recently
}
staff_guard! {
    /// An administrator who gave the password lately.
    RecentAdmin, Permission::Administer, recently
}

/// Where a request came from.
pub struct Caller(pub RequestSource);

impl Caller {
    /// Whoever is signed in there does something, for that reason.
    pub fn acting<'a>(&'a self, who: &LiveSession, reason: &'a str) -> Actor<'a> {
        Actor::signed_in(&who.principal, &self.0, reason)
    }

    /// The client's address, as far as proxies are trusted, and its browser.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r RequestSource {
        request.local_cache(|| {
            let trusted = &Doorward::of(request).settings.trusted_proxies;
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

/// Whoever sent the request. For pages that everybody may see; never denies.
pub struct MaybeSignedIn<'r>(pub &'r Identity);

impl MaybeSignedIn<'_> {
    /// Whether somebody is signed in.
    pub fn is_signed_in(&self) -> bool {
        matches!(self.0, Identity::SignedIn(_))
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
