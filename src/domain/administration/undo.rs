//! Taking back an act with one press of a button: what is written down for it
//! in the transaction of the act, and what must still be so.

use sea_orm::entity::prelude::StringLen;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DeriveActiveEnum, EntityTrait, EnumIter,
    QueryFilter, QueryOrder,
};
use time::Duration;

use super::table::{ActiveModel, Column, Entity, Model};
use super::{bulk, ensure_outranks, roles};
use crate::base::error::{Refusal, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::{Permission, Roles};
use crate::domain::accounts::{Account, AccountId, custom_roles};
use crate::domain::sessions::revocation::Revoked;
use crate::domain::sessions::{Act, Actor, Sessions};

/// For how long an act can be undone.
const UNDO: Duration = Duration::minutes(30);

/// What about an account can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum UndoKind {
    /// That it was disabled.
    Disabled,
    /// That its roles were changed.
    Roles,
}

impl UndoKind {
    fn permission(self) -> Permission {
        match self {
            Self::Disabled => Permission::ManageAccounts,
            Self::Roles => Permission::Administer,
        }
    }

    /// What the act changes about the account, so that it can be compared.
    fn state(self, account: &Account) -> String {
        match self {
            Self::Disabled => account.disabled_at.map(moment).unwrap_or_default(),
            Self::Roles => names(&account.roles),
        }
    }
}

fn moment(at: Timestamp) -> String {
    at.0.to_string()
}

fn names(roles: &Roles) -> String {
    roles.names().collect::<Vec<_>>().join(" ")
}

/// What an undo did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// For how many accounts.
    pub accounts: u64,
    /// How many were changed since and stay as they are.
    pub left: u64,
}

/// Whoever did the same kind of thing to these accounts before can undo it no more.
pub(super) async fn supersede(
    db: &impl ConnectionTrait,
    kind: UndoKind,
    accounts: &[Account],
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Superseded, Expr::value(true))
        .filter(Column::AccountId.is_in(accounts.iter().map(|account| account.id)))
        .filter(Column::Kind.eq(kind))
        .exec(db)
        .await?;
    Ok(())
}

/// Writes down that the event `event` disabled this account.
pub(super) async fn remember_disabled(act: &Act<'_>, before: &Account, event: i64) -> Result<()> {
    remember(act, UndoKind::Disabled, before, moment(act.now), event).await
}

/// Writes down that the event `event` gave this account other roles.
pub(super) async fn remember_roles(
    act: &Act<'_>,
    before: &Account,
    after: &Roles,
    event: i64,
) -> Result<()> {
    remember(act, UndoKind::Roles, before, names(after), event).await
}

async fn remember(
    act: &Act<'_>,
    kind: UndoKind,
    before: &Account,
    after: String,
    event: i64,
) -> Result<()> {
    // The operator has no button.
    let Some(by) = &act.by else { return Ok(()) };
    let row = ActiveModel {
        event_id: Set(event),
        account_id: Set(before.id),
        kind: Set(kind),
        actor: Set(by.id),
        at: Set(act.now),
        state_before: Set(kind.state(before)),
        state_after: Set(after),
        superseded: Set(false),
    };
    Entity::insert(row).exec_without_returning(&act.txn).await?;
    Ok(())
}

/// Takes back what these events of that kind tell of: what the actor did in the
/// last half hour, for each account that still is as the act left it, that
/// nobody has done the same kind of thing to since, and whose former roles are
/// all still there. (Sessions that ended stay ended.)
///
/// # Errors
/// [`crate::base::error::Error::Denied`]; [`Refusal::TooLateToUndo`] when that is true
/// of none; what giving back roles refuses.
pub async fn undo(
    sessions: &Sessions,
    kind: UndoKind,
    events: (i64, i64),
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Undone> {
    let rows = own(sessions.db.read(), kind, events, actor, now).await?;
    let ids: Vec<AccountId> = rows.iter().map(|row| row.account_id).collect();
    let demanded = Some(kind.permission());
    let (act, held) = sessions.begin_act(actor, demanded, &ids, now).await?;
    // Once more, now that nobody else can change these accounts.
    let rows = own(&act.txn, kind, events, actor, now).await?;
    let of = |account: &Account| {
        let mut rows = rows.iter().filter(|row| row.account_id == account.id);
        rows.find(|row| !row.superseded && row.state_after == kind.state(account))
    };
    let all = held.len() as u64;
    let (mut accounts, mut before) = (vec![], vec![]);
    for account in held {
        let Some(row) = of(&account) else { continue };
        let roles = roles_in(&row.state_before);
        // A role that was removed or renamed since must not come into being again.
        if custom_roles::exist(&act.txn, &roles).await? {
            before.push(roles);
            accounts.push(account);
        }
    }
    if accounts.is_empty() {
        return Err(Refusal::TooLateToUndo.into());
    }
    let undone = Undone { accounts: accounts.len() as u64, left: all - accounts.len() as u64 };
    ensure_outranks(&act, &accounts)?;
    supersede(&act.txn, kind, &accounts).await?;
    match kind {
        UndoKind::Disabled => {
            bulk::carry_out(sessions, super::BulkAction::Enable, act, &accounts).await?;
        }
        UndoKind::Roles => {
            let mut revoked = Revoked::default();
            for (account, roles) in accounts.iter().zip(&before) {
                revoked = revoked.and(roles::replace(sessions, &act, account, roles).await?.1);
            }
            act.commit().await?;
            sessions.make_known(accounts.iter().map(|account| account.id), revoked);
        }
    }
    Ok(undone)
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

/// Forgets what is too long ago to be taken back.
///
/// # Errors
/// The database failed.
pub async fn forget_old(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    Entity::delete_many().filter(Column::At.lte(now - UNDO)).exec(db).await?;
    Ok(())
}
