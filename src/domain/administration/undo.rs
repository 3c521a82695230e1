//! Taking back an act with one press of a button, where what it did is still so.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::bulk::{self, BulkAction};
use super::edit;
use super::refusals;
use super::roles;
use super::safeguards::ensure_outranks;
use super::table::{Column, Entity, Model, UndoKind};
use super::undoable::{Names, UNDO, supersede};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::Roles;
use crate::domain::accounts::{self, Account, AccountId, custom_roles};
use crate::domain::sessions::revocation::Revoked;
use crate::domain::sessions::{Actor, Sessions};
use crate::domain::throttle::Throttle;

/// What an undo did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// For how many accounts.
    pub accounts: u64,
    /// How many were changed since and stay as they are.
    pub left: u64,
}

/// Takes back what these events of that kind tell of: what the actor did in the
/// last half hour, for each account that still is as the act left it, that
/// nobody has done the same kind of thing to since, and whose former roles are
/// all still there. (Sessions that ended stay ended.)
///
/// # Errors
/// [`crate::base::error::Error::Denied`]; `administration::refusals::TOO_LATE_TO_UNDO` when that is true
/// of none; what giving back roles refuses.
pub async fn undo(
    sessions: &Sessions,
    throttle: &Throttle,
    kind: UndoKind,
    events: (i64, i64),
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Undone> {
    let rows = own(sessions.db.read(), kind, events, actor, now).await?;
    let ids: Vec<AccountId> = rows.iter().map(|row| row.account_id).collect();
    let demanded = Some(kind.permission());
    let (act, held) = sessions.begin_act(actor, demanded, &ids, now).await?;
    // Again, now that nobody else can change these accounts.
    let rows = own(&act.txn, kind, events, actor, now).await?;
    let of = |account: &Account| {
        let mut rows = rows.iter().filter(|row| row.account_id == account.id);
        rows.find(|row| !row.superseded && row.state_after == kind.state(account))
    };
    let all = held.len() as u64;
    let (mut accounts, mut before) = (vec![], vec![]);
    for account in held {
        let Some(row) = of(&account) else { continue };
        // A role that was removed or renamed since must not come into being again.
        let is_role = kind == UndoKind::Roles;
        if !is_role || custom_roles::exist(&act.txn, &roles_in(&row.state_before)).await? {
            before.push(row.state_before.clone());
            accounts.push(account);
        }
    }
    if accounts.is_empty() {
        return Err(refusals::TOO_LATE_TO_UNDO.into());
    }
    let undone = Undone { accounts: accounts.len() as u64, left: all - accounts.len() as u64 };
    ensure_outranks(&act, &accounts)?;
    supersede(&act.txn, kind, &accounts).await?;
    match kind {
        UndoKind::Disabled => {
            bulk::carry_out(sessions, BulkAction::Enable, act, &accounts).await?;
        }
        UndoKind::Roles => {
            let mut revoked = Revoked::default();
            for (account, before) in accounts.iter().zip(&before) {
                let (_, more) = roles::replace(sessions, &act, account, &roles_in(before)).await?;
                revoked = revoked.and(more);
            }
            act.commit().await?;
            sessions.make_known(accounts.iter().map(|account| account.id), revoked);
        }
        UndoKind::Names => {
            for (account, before) in accounts.iter().zip(&before) {
                let names: Names = serde_json::from_str(before).map_err(unreadable)?;
                edit::write(&act, throttle, account, &edit::back_to(&names)?)
                    .await
                    .map_err(taken_since)?;
            }
            act.commit().await?;
            sessions.make_known(accounts.iter().map(|account| account.id), Revoked::default());
        }
    }
    Ok(undone)
}

/// Somebody else may have taken a name since.
fn taken_since(error: Error) -> Error {
    match error {
        Error::Refused(accounts::refusals::USERNAME_TAKEN | accounts::refusals::EMAIL_TAKEN) => {
            refusals::TOO_LATE_TO_UNDO.into()
        }
        other => other,
    }
}

fn unreadable(why: serde_json::Error) -> Error {
    Error::broken(format!("The former names of the account cannot be read: {why}."))
}

fn roles_in(state: &str) -> Roles {
    Roles::of(state.split(' ').filter_map(|name| RoleName::parse(name).ok()))
}

/// The acts among these events that the actor did lately.
async fn own(
    db: &impl ConnectionTrait,
    kind: UndoKind,
    (first, last): (i64, i64),
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Vec<Model>> {
    let Some(by) = actor.account() else { return Ok(vec![]) };
    let rows = Entity::find()
        .filter(Column::EventId.between(first, last))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Actor.eq(by))
        .filter(Column::At.gt(now - UNDO))
        .order_by_asc(Column::EventId);
    Ok(rows.all(db).await?)
}
