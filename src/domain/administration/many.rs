//! Acts on so many accounts that they are done in parts: others can write in
//! between.

use super::outcome::Outcome;
use super::refusals;
use super::safeguards::ensure_outranks;
use crate::base::error::{Error, Result};
use crate::base::store::Retry;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::{ADMIN, Permission};
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::sessions::{Actor, Sessions};

/// So many are acted on in one transaction.
pub(super) const PART: usize = 200;

/// What an act on many asks for before any part of it is done.
#[derive(Clone, Copy)]
pub(super) struct Demands<'a> {
    /// Who may do it.
    pub(super) permission: Permission,
    /// Whether the actor must have all permissions of the accounts.
    pub(super) outrank: bool,
    /// Whether it leaves the accounts without the role of an administrator.
    pub(super) unmakes_admins: bool,
    /// The role that they get.
    pub(super) adds: Option<&'a RoleName>,
}

/// Does `act` to these accounts in parts. Of up to 200 accounts, all or none; of
/// more, what would be refused is looked for before the first part is done. What
/// fails later ends the act: what was done stays, and the rest is counted.
///
/// # Errors
/// As the act has them, if nothing was done; [`Error::NotFound`] when none of
/// the accounts exists.
pub(super) async fn in_parts<Part: Future<Output = Result<Outcome>>>(
    sessions: &Sessions,
    ids: &[AccountId],
    demands: Demands<'_>,
    (actor, now): (Actor<'_>, Timestamp),
    act: impl Fn(Vec<AccountId>) -> Part,
) -> Result<Outcome> {
    if ids.len() > PART {
        check(sessions, ids, demands, actor, now).await?;
    }
    // Last, since it may end the session that all this rests on.
    let own = actor.account();
    let (own, mut ids): (Vec<AccountId>, Vec<AccountId>) =
        ids.iter().partition(|id| own.is_some_and(|own| own == **id));
    ids.extend(own);
    let (mut done, mut found) = (Outcome::default(), false);
    for (part, number) in ids.chunks(PART).zip(0..) {
        match one_part(|| act(part.to_vec())).await {
            Ok(one) => {
                done = done.and(one);
                found = true;
            }
            Err(Error::NotFound) => {}
            Err(error) if done.accounts > 0 => {
                done.unreached = (ids.len() - number * PART) as u64;
                stopped(&error, done.accounts, done.unreached);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if found { Ok(done) } else { Err(Error::NotFound) }
}

/// Does a part, again where another transaction got in its way.
pub(super) async fn one_part<T, Part: Future<Output = Result<T>>>(
    act: impl Fn() -> Part,
) -> Result<T> {
    let mut again = Retry::default();
    loop {
        match act().await {
            Err(error) if again.after(&error).await => {}
            one => return one,
        }
    }
}

/// Logs why an act was not done to all. The person who asked is told how many.
pub(super) fn stopped(error: &Error, accounts: u64, unreached: u64) {
    tracing::error!(%error, accounts, unreached, "an act on many accounts stopped in between");
}

async fn check(
    sessions: &Sessions,
    ids: &[AccountId],
    demands: Demands<'_>,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(demands.permission), &[], now).await?;
    let affected = accounts::all_of(&act.txn, ids).await?;
    if demands.outrank {
        ensure_outranks(&act, &affected)?;
    }
    let fits = |one: &Account| demands.adds.is_none_or(|role| one.roles.and(role).fit_a_token());
    if !affected.iter().all(fits) {
        return Err(accounts::refusals::TOO_MANY_ROLES.into());
    }
    let admins = affected.iter().filter(|one| one.roles.has(ADMIN) && one.disabled_at.is_none());
    let admins = admins.count() as u64;
    if demands.unmakes_admins && admins > 0 && admins == accounts::count_admins(&act.txn).await? {
        return Err(refusals::LAST_ADMIN.into());
    }
    Ok(())
}
