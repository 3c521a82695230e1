//! The guards of the pages of staff: a live session whose account, as it stands
//! in the database, has a permission. Refusals go into the audit log.

use std::time::Duration;

use moka::sync::Cache;
use rocket::http::Status;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome, Request};
use serde_json::json;

use super::caller::Caller;
use super::denial::Denial;
use super::guards::{LiveSession, recently};
use super::now::Now;
use super::request_id::RequestId;
use crate::domain::accounts;
use crate::domain::accounts::permissions::Permission;
use crate::domain::administration::BulkAction;
use crate::domain::audit::{self, Entry};
use crate::domain::sessions::SessionId;
use crate::service::Doorward;

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
    // For routes that ask nothing about who it is.
    ($(#[$doc:meta])* $name:ident, $permission:expr) => {
        $(#[$doc])*
        pub struct $name;

        #[rocket::async_trait]
        impl<'r> FromRequest<'r> for $name {
            type Error = ();

            async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
                permitted(request, $permission).await.map(|_| Self)
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
        let raised = live.account.was_raised_after(live.principal.auth.at);
        return if raised || !live.opens_staff_pages {
            Denial::NotRecent.deny(request)
        } else {
            Outcome::Success(live)
        };
    }
    let (doorward, origin) = (Doorward::of(request), Caller::of(request));
    let route = request.route().map_or("-", |route| route.uri.path());
    let denials: &Denials = request.rocket().state().expect("denials are managed");
    if denials.is_repeated(live.principal.session) {
        tracing::warn!(id = RequestId::of(request), route, "authz.denied");
        return Outcome::Error((Status::Forbidden, ()));
    }
    let told = Entry::by_owner(accounts::events::DENIED, live.account.id.0, origin)
        .in_session(live.principal.session.0)
        .with(json!({ "method": request.method().as_str(), "route": route }));
    if let Err(error) = audit::record(doorward.db.write(), told, Now::of(request)).await {
        tracing::error!(id = RequestId::of(request), %error, "a denial cannot be recorded");
    }
    Outcome::Error((Status::Forbidden, ()))
}

/// Enough to look: how long ago the password was given does not matter.
fn any_login_age(_: &Request<'_>, live: LiveSession) -> Outcome<LiveSession, ()> {
    Outcome::Success(live)
}

staff_guard! {
    /// A member of staff who may look at accounts and sessions. Else: 401, or 403 for a member.
    Staff, Permission::Look, any_login_age
}
staff_guard! {
    /// Somebody who may read the audit log. Else: 401 or 403.
    AuditReader, Permission::ReadAudit
}
staff_guard! {
    /// Somebody who may take data out, and gave the password lately. Else: 403, or first to `/confirm`.
    Exporter, Permission::ReadAudit, recently
}
staff_guard! {
    /// An administrator. Else: 401, or 403 for anybody else.
    Admin, Permission::Administer
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

/// Somebody who may do that [`BulkAction`], by its number, and gave the
/// password lately. The action itself says who may.
pub struct CanApply<const ACTION: usize>(pub LiveSession);

impl<const ACTION: usize> CanApply<ACTION> {
    const PERMISSION: Permission = BulkAction::ALL[ACTION].permission();
}

#[rocket::async_trait]
impl<'r, const ACTION: usize> FromRequest<'r> for CanApply<ACTION> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let live = try_outcome!(permitted(request, Self::PERMISSION).await);
        recently(request, live).map(Self)
    }
}
