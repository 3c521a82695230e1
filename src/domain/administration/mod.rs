//! What staff and the operator do to accounts, each in an [`Act`]. The last
//! administrator is kept in the same transaction that could remove it.

mod bulk;
mod invite;
mod recovery;
mod roles;
mod table;
mod undo;

use sea_orm::ConnectionTrait;

use crate::base::error::{Refusal, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::{ADMIN, Permission, Roles};
use crate::domain::accounts::{self, Account};
use crate::domain::audit::Event;
use crate::domain::sessions::{Act, Actor, Sessions};

pub use self::bulk::{BulkAction, apply, delete_own};
pub use self::invite::{add_account, invite};
pub use self::recovery::{lift_throttle, start_recovery};
pub use self::roles::{Change, create_role, remove_role, rename_role, set_roles};
pub use self::undo::{UndoKind, Undone, forget_old, undo};

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// To how many accounts.
    pub accounts: u64,
    /// How many sessions ended by it.
    pub sessions: u64,
    /// The first and the last audit event that tell of it.
    pub events: Option<(i64, i64)>,
}

impl Outcome {
    fn told(&mut self, event: i64) {
        self.events = Some((self.events.map_or(event, |(first, _)| first), event));
    }
}

/// Whether the account is the only administrator left.
///
/// # Errors
/// The database failed.
pub async fn is_last_admin(db: &impl ConnectionTrait, account: &Account) -> Result<bool> {
    Ok(administers(account) && accounts::count_admins(db).await? <= 1)
}

fn administers(account: &Account) -> bool {
    account.roles.has(ADMIN) && account.disabled_at.is_none()
}

/// Refuses, after the deed and before its commit, to be left without an administrator.
async fn keep_an_admin(db: &impl ConnectionTrait, before: &[Account]) -> Result<()> {
    if before.iter().any(administers) && accounts::count_admins(db).await? == 0 {
        return Err(Refusal::LastAdmin.into());
    }
    Ok(())
}

/// Support helps members; nobody reaches out for what they may not do themselves.
fn ensure_outranks(act: &Act<'_>, affected: &[Account]) -> Result<()> {
    let Some(by) = &act.by else { return Ok(()) };
    if affected.iter().all(|account| by.roles.cover(&account.roles)) {
        return Ok(());
    }
    Err(Refusal::TargetOutranksActor.into())
}

/// Writes down that data was taken out.
///
/// # Errors
/// [`crate::base::error::Error::Denied`]; the database failed.
pub async fn note_export(
    sessions: &Sessions,
    what: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::ReadAudit), &[], now).await?;
    act.tell(Event::Exported, None, what).await?;
    act.commit().await
}

fn listed(roles: &Roles) -> String {
    let names: Vec<&str> = roles.names().collect();
    if names.is_empty() { "no roles".to_owned() } else { names.join(", ") }
}
