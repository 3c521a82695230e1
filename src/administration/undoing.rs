//! Taking back an act with one press of a button.

use time::Duration;

use super::{Deed, NONE, act, listed, set_roles};
use crate::accounts::names::RoleName;
use crate::accounts::roles::Roles;
use crate::accounts::{self, AccountId};
use crate::audit::{self, Event};
use crate::error::{Error, Refusal, Result};
use crate::sessions::{Actor, Sessions};
use crate::timestamp::Timestamp;

/// For how long an act can be undone with one press of a button.
const UNDO: Duration = Duration::minutes(30);

/// Takes back what these events of the kind `what` tell of, if the actor did it
/// lately and nobody has changed it since: accounts are switched on again,
/// roles are as before. (Sessions that ended stay ended.)
///
/// # Errors
/// [`Refusal::TooLateToUndo`].
pub async fn undo(
    sessions: &Sessions,
    what: Event,
    (first, last): (i64, i64),
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let mut rows = audit::between(sessions.db.read(), first, last).await?;
    rows.retain(|row| {
        row.event == what.name()
            && row.actor == actor.account().map(|id| id.0)
            && now.since(row.at) < UNDO
    });
    if what == Event::AccountDisabled && !rows.is_empty() {
        let off: Vec<AccountId> = rows.iter().filter_map(|row| row.target.map(AccountId)).collect();
        return match act(sessions, Deed::Enable, &off, actor, now).await {
            Ok(done) if done.accounts > 0 => Ok(()),
            Ok(_) | Err(Error::NotFound) => Err(Refusal::TooLateToUndo.into()),
            Err(error) => Err(error),
        };
    }
    let words = rows.first().and_then(|row| {
        let (before, after) = row.detail.strip_prefix("from ")?.split_once(" to ")?;
        Some((AccountId(row.target?), before, after))
    });
    let (id, before, after) = words.ok_or(Refusal::TooLateToUndo)?;
    let account = accounts::by_id(sessions.db.read(), id).await?;
    if listed(&account.roles) != after {
        return Err(Refusal::TooLateToUndo.into());
    }
    let names = before.split(", ").filter(|name| *name != NONE);
    let roles = Roles::of(names.filter_map(|name| RoleName::parse(name).ok()));
    set_roles(sessions, id, &roles, actor, now).await?;
    Ok(())
}
