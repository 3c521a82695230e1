//! Acts on several accounts at once: all of them or none.

use serde_json::{Value, json};

use super::events;
use super::many::{Demands, in_parts};
use super::outcome::Outcome;
use super::safeguards::{ensure_outranks, keep_an_admin};
use super::table::UndoKind;
use super::undoable::{remember_disabled, supersede};
use crate::base::error::{Denied, Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Permission;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::audit::Event;
use crate::domain::credentials::Credentials;
use crate::domain::passwords::policy::Password;
use crate::domain::sessions::revocation::Revoked;
use crate::domain::sessions::{self, Act, Actor, EndReason, Sessions};

/// What can be done to several accounts at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Switch the account off and end its sessions.
    Disable,
    /// Switch it on again.
    Enable,
    /// End all its sessions.
    EndSessions,
    /// Remove it and everything kept about it but the audit log.
    Delete,
}

impl BulkAction {
    /// All of them, each at the place of its number.
    pub const ALL: [Self; 4] = [Self::Disable, Self::Enable, Self::EndSessions, Self::Delete];

    /// Who may do it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Disable | Self::Enable => Permission::ManageAccounts,
            Self::EndSessions => Permission::EndSessions,
            Self::Delete => Permission::Administer,
        }
    }

    fn event(self) -> Event {
        match self {
            Self::Disable => events::ACCOUNT_DISABLED,
            Self::Enable => events::ACCOUNT_ENABLED,
            Self::EndSessions => sessions::events::SESSION_ENDED_BY_STAFF,
            Self::Delete => events::ACCOUNT_DELETED,
        }
    }

    /// Whether the actor must have all permissions of the accounts.
    fn asks_for_rank(self) -> bool {
        matches!(self, Self::Disable | Self::Enable)
    }

    /// Whether it changes anything about the account.
    pub fn applies_to(self, account: &Account) -> bool {
        match self {
            Self::Disable => account.disabled_at.is_none(),
            Self::Enable => account.disabled_at.is_some(),
            Self::EndSessions | Self::Delete => true,
        }
    }
}

/// Does `deed` to these accounts: of up to 200 to all or to none, of more in
/// parts. Accounts that are gone, and those it changes nothing about, are left out.
///
/// # Errors
/// [`Error::NotFound`] when nothing is left; `administration::refusals::LAST_ADMIN`;
/// `administration::refusals::TARGET_OUTRANKS_ACTOR` when an account may do what the actor may not.
pub async fn apply(
    sessions: &Sessions,
    deed: BulkAction,
    ids: &[AccountId],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let demands = Demands {
        permission: deed.permission(),
        outrank: deed.asks_for_rank(),
        unmakes_admins: matches!(deed, BulkAction::Disable | BulkAction::Delete),
        adds: None,
    };
    let act =
        |ids: Vec<AccountId>| async move { apply_once(sessions, deed, &ids, actor, now).await };
    in_parts(sessions, ids, demands, (actor, now), act).await
}

async fn apply_once(
    sessions: &Sessions,
    deed: BulkAction,
    ids: &[AccountId],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let (act, mut affected) = sessions.begin_act(actor, Some(deed.permission()), ids, now).await?;
    if affected.is_empty() {
        return Err(Error::NotFound);
    }
    if deed.asks_for_rank() {
        ensure_outranks(&act, &affected)?;
        // Those who want it so, too, would be surprised by somebody else's undo.
        supersede(&act.txn, UndoKind::Disabled, &affected).await?;
    }
    affected.retain(|account| deed.applies_to(account));
    carry_out(sessions, deed, act, &affected).await
}

/// Somebody deletes their own account, giving the password.
///
/// # Errors
/// [`Error::Denied`]; `accounts::refusals::WRONG_PASSWORD`; `administration::refusals::LAST_ADMIN`; [`Error::Busy`].
pub async fn delete_own(
    credentials: &Credentials<'_>,
    account: &Account,
    password: &Password,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let sid = actor.session().ok_or(Denied::NotSignedIn)?;
    credentials.ask_again(account, sid, password, actor.origin(), now).await?;
    let sessions = credentials.sessions;
    let (act, own) = sessions.begin_act(actor, None, &[account.id], now).await?;
    if !own.iter().all(|present| present.has_password_of(account)) {
        return Err(accounts::refusals::WRONG_PASSWORD.into());
    }
    carry_out(sessions, BulkAction::Delete, act, &own).await
}

pub(super) async fn carry_out(
    sessions: &Sessions,
    deed: BulkAction,
    act: Act<'_>,
    affected: &[Account],
) -> Result<Outcome> {
    let (txn, now) = (&act.txn, act.now);
    let mut done = Outcome::default();
    let mut revoked = Revoked::default();
    for account in affected {
        let (id, mut data) = (account.id, Value::Null);
        match deed {
            BulkAction::Disable => accounts::set_disabled(txn, id, Some(now)).await?,
            BulkAction::Enable => accounts::set_disabled(txn, id, None).await?,
            BulkAction::EndSessions => {}
            BulkAction::Delete => {
                accounts::delete(txn, id).await?;
                revoked = revoked.and(sessions.revoke_deleted(txn, id, now).await?);
            }
        }
        if let Some(why) = ends_sessions(deed) {
            let (ended, more) = sessions.end_all(txn, account, None, why, now).await?;
            revoked = revoked.and(more);
            done.sessions += ended;
            data = json!({ "sessions_ended": ended });
        }
        let event = act.tell(deed.event(), Some(id), data).await?;
        if deed == BulkAction::Disable {
            remember_disabled(&act, account, event).await?;
        }
        done.told(event);
        done.accounts += 1;
    }
    if deed != BulkAction::Enable {
        keep_an_admin(txn, affected).await?;
    }
    act.commit().await?;
    sessions.make_known(affected.iter().map(|account| account.id), revoked);
    Ok(done)
}

fn ends_sessions(deed: BulkAction) -> Option<EndReason> {
    match deed {
        BulkAction::Disable => Some(EndReason::Disabled),
        BulkAction::EndSessions => Some(EndReason::ByStaff),
        BulkAction::Enable | BulkAction::Delete => None,
    }
}
