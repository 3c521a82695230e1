//! Helping people who cannot log in.

use time::Duration;

use super::safeguards::ensure_outranks;
use super::{events, refusals};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::LoginName;
use crate::domain::accounts::permissions::{ADMIN, Permission};
use crate::domain::accounts::{self, AccountId, AccountKind};
use crate::domain::one_time;
use crate::domain::sessions::{Act, Actor, Sessions};
use crate::domain::throttle::Throttle;

/// A recovery link for somebody who cannot log in; its token, once.
///
/// # Errors
/// `administration::refusals::NOT_AN_ADMIN`: anyone who could make one for an administrator could
/// become that administrator. The operator can, at the command line. And
/// `administration::refusals::TARGET_OUTRANKS_ACTOR`, `administration::refusals::OWN_ACCOUNT`;
/// `accounts::refusals::NOT_FOR_SERVICES`.
pub async fn start_recovery(
    sessions: &Sessions,
    id: AccountId,
    actor: Actor<'_>,
    (life, now): (Duration, Timestamp),
) -> Result<String> {
    let demanded = Some(Permission::ManageAccounts);
    let (act, found) = sessions.begin_act(actor, demanded, &[id], now).await?;
    let account = found.first().ok_or(Error::NotFound)?;
    if account.roles.has(ADMIN) && act.by.is_some() {
        return Err(refusals::NOT_AN_ADMIN.into());
    }
    if account.kind == AccountKind::Service {
        return Err(accounts::refusals::NOT_FOR_SERVICES.into());
    }
    ensure_outranks(&act, &found)?;
    leave_oneself_alone(&act, id)?;
    let token = one_time::start_recovery(&act, id, life).await?;
    act.commit().await?;
    Ok(token)
}

/// Lets an account be tried again at once: by its names, in known browsers and
/// scripts, and in its sessions. Says whether anything was counted for it.
///
/// # Errors
/// [`Error::Denied`]; `administration::refusals::TARGET_OUTRANKS_ACTOR`: someone who guesses at an administrator has
/// no friend in support; `administration::refusals::OWN_ACCOUNT`; not found.
pub async fn lift_throttle(
    sessions: &Sessions,
    throttle: &Throttle,
    id: AccountId,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<bool> {
    let demanded = Some(Permission::EndSessions);
    let (act, found) = sessions.begin_act(actor, demanded, &[id], now).await?;
    let account = found.first().ok_or(Error::NotFound)?;
    ensure_outranks(&act, &found)?;
    leave_oneself_alone(&act, id)?;
    let names = [&account.username, &account.email].map(|name| LoginName::parse(name));
    accounts::unlock(&act.txn, id).await?;
    act.tell(events::THROTTLE_LIFTED, Some(id), ()).await?;
    act.commit().await?;
    throttle.lift(id.0, &names.each_ref().map(LoginName::canonical)).await
}

/// Someone with a copy of another's cookies must not get from them to the
/// password: neither by a link nor by guessing at it without end.
fn leave_oneself_alone(act: &Act<'_>, id: AccountId) -> Result<()> {
    if act.by.as_ref().is_some_and(|by| by.id == id) {
        return Err(refusals::OWN_ACCOUNT.into());
    }
    Ok(())
}
