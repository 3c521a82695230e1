//! Ending tokens before their time: one, all of an account, or everyone's; and
//! removing those that ended long ago.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::events;
use super::table::{Column, Entity, Model, written};
use crate::base::error::{Error, Result};
use crate::base::store::Txn;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::accounts::permissions::Permission;
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::sessions::{Act, Actor, Sessions};

/// Tokens that are over are kept this long, as sessions are: a script that still
/// shows one is told why it is refused, and its owner sees it on the list.
const KEPT: Duration = Duration::days(30);

/// The owner revokes a token of their own.
///
/// # Errors
/// [`Error::NotFound`] when it is somebody else's or revoked already; [`Error::Denied`].
pub async fn revoke_own(
    sessions: &Sessions,
    id: Uuid,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, account) = sessions.begin_own(actor, now).await?;
    let row = Entity::find_by_id(id).one(&act.txn).await?;
    let row = row.filter(|row| row.account_id == account.id).ok_or(Error::NotFound)?;
    revoke(sessions, act, &row).await
}

/// Staff or the operator revoke a token, whosever it is.
///
/// # Errors
/// [`Error::NotFound`] when it is revoked already or there is none; [`Error::Denied`].
pub async fn revoke_by_staff(
    sessions: &Sessions,
    id: Uuid,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let row = Entity::find_by_id(id).one(sessions.db.read()).await?.ok_or(Error::NotFound)?;
    let demanded = Some(Permission::EndSessions);
    let (act, _) = sessions.begin_act(actor, demanded, &[row.account_id], now).await?;
    revoke(sessions, act, &row).await
}

async fn revoke(sessions: &Sessions, act: Act<'_>, row: &Model) -> Result<()> {
    let gone = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(act.now))
        .filter(Column::Id.eq(row.id))
        .filter(Column::RevokedAt.is_null())
        .exec(&act.txn)
        .await?;
    if gone.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    let reason = "personal token revoked";
    let revoked = sessions.revoke_held(&act.txn, row.id, reason, act.now).await?;
    let data = json!({ "token": row.name, "hint": row.hint });
    act.tell(events::REVOKED, Some(row.account_id), data).await?;
    act.commit().await?;
    sessions.make_known([row.account_id], revoked);
    Ok(())
}

/// Revokes all tokens of an account within the caller's transaction, which also
/// moves the account's epoch on: what servers hold is read again for that.
///
/// # Errors
/// The database failed.
pub async fn revoke_all_of(
    txn: &Txn,
    account: AccountId,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<()> {
    let gone = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::AccountId.eq(account))
        .filter(Column::RevokedAt.is_null())
        .exec(txn)
        .await?;
    if gone.rows_affected > 0 {
        let told = Entry::about(events::REVOKED, account.0, origin);
        let data = json!({ "tokens_revoked": gone.rows_affected });
        audit::record(txn, told.with(data), now).await?;
    }
    Ok(())
}

/// An administrator or the operator revoke everyone's tokens. Returns how many.
///
/// # Errors
/// [`Error::Denied`]; the database failed.
pub async fn revoke_everyones(
    sessions: &Sessions,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<u64> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    let gone = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::RevokedAt.is_null())
        .exec(&act.txn)
        .await?;
    if gone.rows_affected == 0 {
        return Ok(0);
    }
    // What servers hold is read again.
    let reason = "all personal tokens revoked";
    let revoked = sessions.require_refresh_of_everyone(&act.txn, reason, now).await?;
    act.tell(events::REVOKED, None, json!({ "tokens_revoked": gone.rows_affected })).await?;
    act.commit().await?;
    sessions.make_known([], revoked);
    Ok(gone.rows_affected)
}

/// Removes tokens that were revoked, or whose time was over, long ago.
///
/// # Errors
/// The database failed.
pub async fn remove_expired(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    let is_over = Column::RevokedAt.lte(now - KEPT).or(Column::ExpiresAt.lte(now - KEPT));
    Entity::delete_many().filter(is_over).exec(db).await?;
    Ok(())
}

/// Gives a role another name in every token that has it.
///
/// # Errors
/// The database failed.
pub async fn rename_role(db: &impl ConnectionTrait, from: &str, to: &str) -> Result<()> {
    replace_role(db, from, Some(to)).await
}

/// Takes a role that is removed from every token that has it: a later role of the
/// same name is another one.
///
/// # Errors
/// The database failed.
pub async fn forget_role(db: &impl ConnectionTrait, name: &str) -> Result<()> {
    replace_role(db, name, None).await
}

async fn replace_role(db: &impl ConnectionTrait, name: &str, by: Option<&str>) -> Result<()> {
    let named = Column::Roles.contains(format!("\"{name}\""));
    for row in Entity::find().filter(named).all(db).await? {
        let roles = row.roles()?;
        let other = |role| if role == name { by } else { Some(role) };
        let mut roles: Vec<&str> = roles.names().filter_map(other).collect();
        roles.sort_unstable();
        Entity::update_many()
            .col_expr(Column::Roles, Expr::value(written(&roles)?))
            .filter(Column::Id.eq(row.id))
            .exec(db)
            .await?;
    }
    Ok(())
}
