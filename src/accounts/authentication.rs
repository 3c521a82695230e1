//! Telling who somebody is by their password, and counting who could not.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::changing::store_hash;
use super::hasher::{Hasher, Match};
use super::looking::{by_name, roles_of};
use super::names::LoginName;
use super::password::Password;
use super::{Account, AccountId, entity};
use crate::audit::{self, Entry, Event, Origin};
use crate::db::Db;
use crate::error::{Refusal, Result};
use crate::timestamp::Timestamp;

/// The account these credentials belong to.
///
/// An unknown name costs as much as a wrong password, in hashing and in
/// writing, so that a stranger with a stopwatch cannot list our accounts.
///
/// # Errors
/// [`Refusal::WrongCredentials`]; [`Refusal::AccountDisabled`], told only after
/// the right password; [`crate::error::Error::Busy`].
pub async fn authenticate(
    db: &Db,
    hasher: &Hasher,
    login: &LoginName,
    password: &Password,
    origin: &Origin,
    now: Timestamp,
) -> Result<Account> {
    let found = by_name(db.read(), login).await?;
    let hash = found.as_ref().map(|row| row.password_hash.as_str());
    let matches = hasher.matches(password, hash).await?;
    let id = found.as_ref().map(|row| row.id);
    match (matches, found) {
        (Match::Yes | Match::YesAtOldCost, Some(row)) if row.disabled_at.is_none() => {
            if matches == Match::YesAtOldCost {
                store_hash(db.write(), row.id, hasher.hash(password).await?).await?;
            }
            let roles = roles_of(db.read(), row.id).await?;
            Ok(Account::of(row, roles))
        }
        (Match::Yes | Match::YesAtOldCost, Some(_)) => {
            note_failure(db, id, "account is disabled", origin, now).await?;
            Err(Refusal::AccountDisabled.into())
        }
        _ => {
            note_failure(db, id, "", origin, now).await?;
            Err(Refusal::WrongCredentials.into())
        }
    }
}

/// Whether `password` is this account's; a wrong one is counted.
///
/// # Errors
/// [`Refusal::WrongPassword`]; [`crate::error::Error::Busy`].
pub async fn confirm_password(
    db: &Db,
    hasher: &Hasher,
    account: &Account,
    password: &Password,
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    match hasher.matches(password, Some(&account.password_hash)).await? {
        Match::No => {
            note_failure(db, Some(account.id), "while signed in", origin, now).await?;
            Err(Refusal::WrongPassword.into())
        }
        Match::Yes | Match::YesAtOldCost => Ok(()),
    }
}

async fn note_failure(
    db: &Db,
    id: Option<AccountId>,
    detail: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    let txn = db.begin().await?;
    entity::Entity::update_many()
        .col_expr(entity::Column::FailedLogins, Expr::col(entity::Column::FailedLogins).add(1))
        .filter(entity::Column::Id.eq(id.unwrap_or(AccountId(Uuid::nil()))))
        .exec(&txn)
        .await?;
    let target = id.map(|id| id.0);
    let entry = Entry { target, ..Entry::of_service(Event::LoginFailed, origin) }.with(detail);
    audit::record(&txn, entry, now).await?;
    txn.commit().await?;
    if let Some(id) = id {
        db.touch(id.0);
    }
    Ok(())
}

/// Remembers a log-in within the caller's transaction, and starts counting failures anew.
///
/// # Errors
/// The database failed.
pub async fn note_login(
    db: &impl ConnectionTrait,
    id: AccountId,
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    entity::Entity::update_many()
        .col_expr(entity::Column::LastLoginAt, Expr::value(now))
        .col_expr(entity::Column::LastLoginAddress, Expr::value(&origin.address))
        .col_expr(entity::Column::LastLoginUserAgent, Expr::value(&origin.user_agent))
        .col_expr(entity::Column::FailedLogins, Expr::value(0))
        .filter(entity::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
