//! Helping people who cannot log in.

use time::Duration;

use super::leave_the_mightier_alone;
use crate::accounts::names::LoginName;
use crate::accounts::roles::ADMIN;
use crate::accounts::{self, AccountId};
use crate::audit::{self, Actor, Event};
use crate::credentials;
use crate::error::{Refusal, Result};
use crate::sessions::Sessions;
use crate::throttle::Throttle;
use crate::timestamp::Timestamp;

/// A recovery link for somebody who cannot log in; its token, once.
///
/// # Errors
/// [`Refusal::NotAnAdmin`]: whoever could make one for an administrator could
/// become that administrator. The operator can, at the command line. And
/// [`Refusal::MayMore`].
pub async fn start_recovery(
    sessions: &Sessions,
    id: AccountId,
    actor: Actor<'_>,
    (life, now): (Duration, Timestamp),
) -> Result<String> {
    let account = accounts::by_id(sessions.db.read(), id).await?;
    if account.roles.has(ADMIN) && actor.account.is_some() {
        return Err(Refusal::NotAnAdmin.into());
    }
    leave_the_mightier_alone(sessions.db.read(), std::slice::from_ref(&account), actor).await?;
    credentials::start_recovery(&sessions.db, id, life, actor, now).await
}

/// Lets an account be tried again at once: by its names, in known browsers and
/// scripts, and in its sessions. Says whether anything was counted against it.
///
/// # Errors
/// Not found; the database failed.
pub async fn lift_throttle(
    sessions: &Sessions,
    throttle: &Throttle,
    id: AccountId,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<bool> {
    let account = accounts::by_id(sessions.db.read(), id).await?;
    let names = [account.username, account.email].map(|name| LoginName::parse(&name));
    let lifted = throttle.lift(id.0, &names.each_ref().map(LoginName::canonical)).await?;
    let told = actor.does(Event::ThrottleLifted, Some(id.0));
    audit::record(sessions.db.write(), told, now).await?;
    Ok(lifted)
}
