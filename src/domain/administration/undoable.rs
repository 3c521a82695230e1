//! What is recorded of an act, in its transaction, so that it can be taken
//! back for a while.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use time::Duration;

use super::table::{ActiveModel, Column, Entity, UndoKind};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::Account;
use crate::domain::accounts::permissions::{Permission, Roles};
use crate::domain::sessions::Act;

/// For how long an act can be undone.
pub(super) const UNDO: Duration = Duration::minutes(30);

/// The names of an account, as the log and an undo have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Names {
    pub(super) username: String,
    pub(super) email: String,
    pub(super) display_name: String,
}

impl Names {
    pub(super) fn of(account: &Account) -> Self {
        Self {
            username: account.username.clone(),
            email: account.email.clone(),
            display_name: account.display_name.clone(),
        }
    }
}

impl UndoKind {
    pub(super) fn permission(self) -> Permission {
        match self {
            Self::Disabled | Self::Names => Permission::ManageAccounts,
            Self::Roles => Permission::Administer,
        }
    }

    /// What the act changes about the account, so that it can be compared.
    pub(super) fn state(self, account: &Account) -> String {
        match self {
            Self::Disabled => account.disabled_at.map(moment).unwrap_or_default(),
            Self::Roles => names(&account.roles),
            Self::Names => serde_json::to_string(&Names::of(account)).unwrap_or_default(),
        }
    }
}

fn moment(at: Timestamp) -> String {
    at.0.to_string()
}

fn names(roles: &Roles) -> String {
    roles.names().collect::<Vec<_>>().join(" ")
}

/// Someone who did the same kind of thing to these accounts before can undo it no more.
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

/// Records that the event `event` disabled this account.
pub(super) async fn remember_disabled(act: &Act<'_>, before: &Account, event: i64) -> Result<()> {
    remember(act, UndoKind::Disabled, before, moment(act.now), event).await
}

/// Records that the event `event` gave this account other roles.
pub(super) async fn remember_roles(
    act: &Act<'_>,
    before: &Account,
    after: &Roles,
    event: i64,
) -> Result<()> {
    remember(act, UndoKind::Roles, before, names(after), event).await
}

/// Records that the event `event` made of an account what `after` says.
pub(super) async fn remember(
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

/// Forgets what is too long ago to be taken back.
///
/// # Errors
/// The database failed.
pub async fn forget_old(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    Entity::delete_many().filter(Column::At.lte(now - UNDO)).exec(db).await?;
    Ok(())
}
