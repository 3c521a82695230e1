//! Changing an account, always within somebody else's transaction.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::find::roles_of;
use super::id::AccountId;
use super::kind::AccountKind;
use super::permissions::{BUILT_IN, Permission, Roles};
use super::refusals;
use super::{custom_roles, tables};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::passwords::hash::PasswordHash;

/// Replaces all roles of an account. One that nobody made yet is made. Rights of
/// staff that are new to it open only once the password is given again.
///
/// # Errors
/// `accounts::refusals::TOO_MANY_ROLES` when they would not fit into an access token;
/// `accounts::refusals::NOT_FOR_SERVICES`.
pub async fn write_roles(
    db: &impl ConnectionTrait,
    id: AccountId,
    roles: &Roles,
    now: Timestamp,
) -> Result<()> {
    if !roles.fit_a_token() {
        return Err(refusals::TOO_MANY_ROLES.into());
    }
    let before = roles_of(db, id).await?;
    let row = tables::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)?;
    if row.kind == AccountKind::Service && BUILT_IN.iter().any(|role| roles.has(role)) {
        return Err(refusals::NOT_FOR_SERVICES.into());
    }
    if Permission::ALL.iter().any(|right| roles.may(*right) && !before.may(*right)) {
        tables::Entity::update_many()
            .col_expr(tables::Column::RaisedAt, Expr::value(now))
            .filter(tables::Column::Id.eq(id))
            .exec(db)
            .await?;
    }
    tables::role::Entity::delete_many()
        .filter(tables::role::Column::AccountId.eq(id))
        .exec(db)
        .await?;
    if roles.names().next().is_none() {
        return Ok(());
    }
    let rows: Vec<_> = roles
        .names()
        .map(|role| tables::role::ActiveModel {
            account_id: Set(id),
            role: Set(role.to_owned()),
            username_canonical: Set(row.username_canonical.clone()),
        })
        .collect();
    tables::role::Entity::insert_many(rows).exec_without_returning(db).await?;
    custom_roles::add_missing(db, roles, now).await
}

/// Stores a new password's hash and the moment of the change.
///
/// # Errors
/// The database failed.
pub async fn set_password_hash(
    db: &impl ConnectionTrait,
    id: AccountId,
    hash: PasswordHash,
    now: Timestamp,
) -> Result<()> {
    tables::Entity::update_many()
        .col_expr(tables::Column::PasswordHash, Expr::value(hash.into_text()))
        .col_expr(tables::Column::PasswordChangedAt, Expr::value(now))
        .col_expr(tables::Column::FailedLogins, Expr::value(0))
        .col_expr(tables::Column::FailedBeforeUnlock, Expr::value(0))
        .col_expr(tables::Column::BrowsersSince, Expr::value(now))
        .filter(tables::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Makes strangers of all browsers and scripts that are known for the account.
///
/// # Errors
/// The database failed.
pub async fn forget_browsers(
    db: &impl ConnectionTrait,
    id: AccountId,
    now: Timestamp,
) -> Result<()> {
    tables::Entity::update_many()
        .col_expr(tables::Column::BrowsersSince, Expr::value(now))
        .filter(tables::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Hashes the same password again, at a higher cost. Says whether the hash that
/// was verified still stood; else nothing is written.
pub(super) async fn replace_hash(
    db: &impl ConnectionTrait,
    id: AccountId,
    verified: &str,
    hash: &str,
) -> Result<bool> {
    let replaced = tables::Entity::update_many()
        .col_expr(tables::Column::PasswordHash, Expr::value(hash))
        .filter(tables::Column::Id.eq(id))
        .filter(tables::Column::PasswordHash.eq(verified))
        .exec(db)
        .await?;
    Ok(replaced.rows_affected == 1)
}

/// Moves the account's epoch on, and past `above`, so that every access token
/// issued before must be refreshed. Returns the new epoch. Epochs only count:
/// a clock that is wrong once could not be made up for.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn raise_epoch(db: &impl ConnectionTrait, id: AccountId, above: i64) -> Result<i64> {
    let epoch = Expr::col(tables::Column::Epoch);
    let higher = Expr::case(epoch.clone().gt(above), epoch.add(1)).finally(above + 1);
    tables::Entity::update_many()
        .col_expr(tables::Column::Epoch, higher.into())
        .filter(tables::Column::Id.eq(id))
        .exec(db)
        .await?;
    let row = tables::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)?;
    Ok(row.epoch)
}

/// Switches an account off (a moment) or on (`None`).
///
/// # Errors
/// The database failed.
pub async fn set_disabled(
    db: &impl ConnectionTrait,
    id: AccountId,
    disabled_at: Option<Timestamp>,
) -> Result<()> {
    tables::Entity::update_many()
        .col_expr(tables::Column::DisabledAt, Expr::value(disabled_at))
        .filter(tables::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Stores until when an account is locked.
///
/// # Errors
/// The database failed.
pub async fn set_locked_until(
    db: &impl ConnectionTrait,
    id: AccountId,
    until: Option<Timestamp>,
) -> Result<()> {
    tables::Entity::update_many()
        .col_expr(tables::Column::LockedUntil, Expr::value(until))
        .filter(tables::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Records that an account can be tried again at once. Its owner is still told
/// of all failures at the next sign-in; staff see those since.
///
/// # Errors
/// The database failed.
pub async fn unlock(db: &impl ConnectionTrait, id: AccountId) -> Result<()> {
    tables::Entity::update_many()
        .col_expr(tables::Column::LockedUntil, Expr::value(None::<Timestamp>))
        .col_expr(tables::Column::FailedBeforeUnlock, Expr::col(tables::Column::FailedLogins))
        .filter(tables::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets locks that are over.
///
/// # Errors
/// The database failed.
pub async fn forget_locks(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    tables::Entity::update_many()
        .col_expr(tables::Column::LockedUntil, Expr::value(None::<Timestamp>))
        .filter(tables::Column::LockedUntil.lte(now))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes an account with its roles, sessions and one-time tokens.
///
/// # Errors
/// The database failed.
pub async fn delete(db: &impl ConnectionTrait, id: AccountId) -> Result<()> {
    tables::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}
