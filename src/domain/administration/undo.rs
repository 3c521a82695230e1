//! Taking back an act with one press of a button, where what it did is still so.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::bulk::{self, BulkAction};
use super::edit;
use super::many::{PART, one_part, stopped};
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
    /// How many stay as they are because a part before them failed.
    pub unreached: u64,
}

/// Takes back what these events of that kind tell of: what the actor did in the
/// last half hour, for each account that still is as the act left it, that
/// nobody has done the same kind of thing to since, and whose former roles are
/// all still there. (Sessions that ended stay ended.) In parts, as the act.
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
    let mut rows = own(sessions.db.read(), kind, events, actor, now).await?;
    // Last, since it may end the session that all this rests on.
    rows.sort_by_key(|row| actor.account() == Some(row.account_id));
    if rows.len() > PART {
        check(sessions, kind, &rows, actor, now).await?;
    }
    let mut undone = Undone::default();
    let parts: Vec<&[Model]> =
        if rows.is_empty() { vec![&[]] } else { rows.chunks(PART).collect() };
    for (part, number) in parts.into_iter().zip(0..) {
        let act = || undo_part(sessions, throttle, kind, part, actor, now);
        match one_part(act).await {
            Ok(one) => {
                undone.accounts += one.accounts;
                undone.left += one.left;
            }
            Err(error) if undone.accounts > 0 => {
                undone.unreached = (rows.len() - number * PART) as u64;
                stopped(&error, undone.accounts, undone.unreached);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if undone.accounts == 0 { Err(refusals::TOO_LATE_TO_UNDO.into()) } else { Ok(undone) }
}

/// Refuses before the first part what a later one would refuse.
async fn check(
    sessions: &Sessions,
    kind: UndoKind,
    rows: &[Model],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(kind.permission()), &[], now).await?;
    let ids: Vec<AccountId> = rows.iter().map(|row| row.account_id).collect();
    let mut affected = accounts::all_of(&act.txn, &ids).await?;
    let rows = by_account(rows);
    affected.retain(|account| undoable(kind, &rows, account).is_some());
    ensure_outranks(&act, &affected)
}

fn by_account(rows: &[Model]) -> HashMap<AccountId, Vec<&Model>> {
    let mut all: HashMap<AccountId, Vec<&Model>> = HashMap::new();
    for row in rows {
        all.entry(row.account_id).or_default().push(row);
    }
    all
}

/// What to take back about an account, if it still is as the act left it.
fn undoable<'r>(
    kind: UndoKind,
    rows: &HashMap<AccountId, Vec<&'r Model>>,
    account: &Account,
) -> Option<&'r Model> {
    let state = kind.state(account);
    let mut rows = rows.get(&account.id)?.iter();
    rows.find(|row| !row.superseded && row.state_after == state).copied()
}

async fn undo_part(
    sessions: &Sessions,
    throttle: &Throttle,
    kind: UndoKind,
    rows: &[Model],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Undone> {
    let ids: Vec<AccountId> = rows.iter().map(|row| row.account_id).collect();
    let (act, held) = sessions.begin_act(actor, Some(kind.permission()), &ids, now).await?;
    // Again, now that nobody else can change these accounts.
    let numbers = rows.iter().map(|row| row.event_id);
    let events = (numbers.clone().min().unwrap_or_default(), numbers.max().unwrap_or_default());
    let rows = own(&act.txn, kind, events, actor, now).await?;
    let rows = by_account(&rows);
    let all = held.len() as u64;
    let (mut accounts, mut before) = (vec![], vec![]);
    let mut roles_exist = HashMap::new();
    for account in held {
        let Some(row) = undoable(kind, &rows, &account) else { continue };
        // A role that was removed or renamed since must not come into being again.
        let exist = match roles_exist.get(&row.state_before) {
            Some(exist) => *exist,
            None => {
                let exist = kind != UndoKind::Roles
                    || custom_roles::exist(&act.txn, &roles_in(&row.state_before)).await?;
                roles_exist.insert(row.state_before.clone(), exist);
                exist
            }
        };
        if exist {
            before.push(row.state_before.clone());
            accounts.push(account);
        }
    }
    let undone =
        Undone { accounts: accounts.len() as u64, left: all - accounts.len() as u64, unreached: 0 };
    if accounts.is_empty() {
        return Ok(undone);
    }
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
            let mut revoked = Revoked::default();
            for (account, before) in accounts.iter().zip(&before) {
                let names: Names = serde_json::from_str(before).map_err(unreadable)?;
                let names = edit::back_to(&names)?;
                edit::write(&act, throttle, account, &names).await.map_err(taken_since)?;
                revoked = revoked.and(edit::tell_applications(sessions, &act, account).await?);
            }
            act.commit().await?;
            sessions.make_known(accounts.iter().map(|account| account.id), revoked);
        }
    }
    Ok(undone)
}

/// Somebody else may have taken a name since.
fn taken_since(error: Error) -> Error {
    use accounts::refusals::{EMAIL_TAKEN, USERNAME_KEPT, USERNAME_TAKEN};
    match error {
        Error::Refused(USERNAME_TAKEN | USERNAME_KEPT | EMAIL_TAKEN) => {
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
