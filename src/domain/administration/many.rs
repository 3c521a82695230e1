//! Acts on so many accounts that they are done in parts: others can write in
//! between.

use super::outcome::Outcome;
use super::refusals;
use super::safeguards::ensure_outranks;
use crate::base::error::{Error, Result};
use crate::base::store::Retry;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::{ADMIN, Permission};
use crate::domain::accounts::{self, AccountId};
use crate::domain::sessions::{Actor, Sessions};

/// So many are acted on in one transaction.
const PART: usize = 200;

/// What an act on many asks for before any part of it is done.
#[derive(Clone, Copy)]
pub(super) struct Demands {
    /// Who may do it.
    pub(super) permission: Permission,
    /// Whether the actor must have all permissions of the accounts.
    pub(super) outrank: bool,
    /// Whether it leaves the accounts without the role of an administrator.
    pub(super) unmakes_admins: bool,
}

/// Does `act` to these accounts in parts. Of up to 200 accounts, all or none; of
/// more, what would be refused is looked for before the first part is done.
///
/// # Errors
/// As the act has them; [`Error::NotFound`] when none of the accounts exists.
pub(super) async fn in_parts<Part: Future<Output = Result<Outcome>>>(
    sessions: &Sessions,
    ids: &[AccountId],
    demands: Demands,
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
    for part in ids.chunks(PART) {
        let mut again = Retry::default();
        let one = loop {
            match act(part.to_vec()).await {
                Err(error) if again.after(&error).await => {}
                one => break one,
            }
        };
        match one {
            Ok(one) => {
                done = done.and(one);
                found = true;
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    if found { Ok(done) } else { Err(Error::NotFound) }
}

async fn check(
    sessions: &Sessions,
    ids: &[AccountId],
    demands: Demands,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(demands.permission), &[], now).await?;
    let affected = accounts::all_of(&act.txn, ids).await?;
    if demands.outrank {
        ensure_outranks(&act, &affected)?;
    }
    let admins = affected.iter().filter(|one| one.roles.has(ADMIN) && one.disabled_at.is_none());
    let admins = admins.count() as u64;
    if demands.unmakes_admins && admins > 0 && admins == accounts::count_admins(&act.txn).await? {
        return Err(refusals::LAST_ADMIN.into());
    }
    Ok(())
}
