//! One-time tokens: the links that set a password without the old one, and the
//! one that makes the first administrator. The database has their hashes.

mod table;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use time::Duration;

pub use self::table::{TokenPurpose, tables};
use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Permission;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::audit::Event;
use crate::domain::sessions::{Act, Actor, Sessions};

/// How long the setup token is good; the server then makes a new one.
pub const SETUP_LIFE: Duration = Duration::hours(1);

/// A fresh recovery token for `account`, within the act that makes it. Older ones are void.
///
/// # Errors
/// The database failed.
pub async fn start_recovery(act: &Act<'_>, account: AccountId, life: Duration) -> Result<String> {
    let (txn, now) = (&act.txn, act.now);
    void(txn, account, now).await?;
    let whose = (Some(account), act.by.as_ref().map(|by| by.id));
    let token = issue(txn, TokenPurpose::Recovery, whose, life, now).await?;
    act.tell(Event::RecoveryStarted, Some(account), "").await?;
    Ok(token)
}

/// A fresh setup token; the one before is void. `None` once there is an administrator.
///
/// # Errors
/// The database failed.
pub async fn start_setup(db: &Db, now: Timestamp) -> Result<Option<String>> {
    let txn = db.begin().await?;
    if accounts::count_admins(&txn).await? > 0 {
        return Ok(None);
    }
    table::Entity::delete_many()
        .filter(table::Column::Purpose.eq(TokenPurpose::Setup))
        .exec(&txn)
        .await?;
    let token = issue(&txn, TokenPurpose::Setup, (None, None), SETUP_LIFE, now).await?;
    txn.commit().await?;
    Ok(Some(token))
}

/// The account that a recovery token is good for.
///
/// # Errors
/// [`Error::NotFound`] for a token that is wrong, used up or too old, and for
/// one whose maker could not make it any more: it is disabled or deleted,
/// or its roles do not cover those of the account.
pub async fn recovering(db: &impl ConnectionTrait, token: &str, now: Timestamp) -> Result<Account> {
    let row = find(db, token, TokenPurpose::Recovery, now).await?.ok_or(Error::NotFound)?;
    let account = accounts::by_id(db, row.account_id.ok_or(Error::NotFound)?).await?;
    let Some(maker) = row.made_by else { return Ok(account) };
    let maker = accounts::by_id(db, maker).await?;
    let could = maker.disabled_at.is_none()
        && maker.roles.may(Permission::ManageAccounts)
        && maker.roles.cover(&account.roles);
    if could { Ok(account) } else { Err(Error::NotFound) }
}

async fn issue(
    db: &impl ConnectionTrait,
    purpose: TokenPurpose,
    (account, made_by): (Option<AccountId>, Option<AccountId>),
    life: Duration,
    now: Timestamp,
) -> Result<String> {
    let token = secrets::random_token();
    let row = table::ActiveModel {
        hash: Set(secrets::token_hash(&token)),
        purpose: Set(purpose),
        account_id: Set(account),
        created_at: Set(now),
        expires_at: Set(now + life),
        used_at: Set(None),
        made_by: Set(made_by),
    };
    table::Entity::insert(row).exec_without_returning(db).await?;
    Ok(token)
}

fn good(token: &str, purpose: TokenPurpose, now: Timestamp) -> Expr {
    use table::Column;
    Column::Hash
        .eq(secrets::token_hash(token))
        .and(Column::Purpose.eq(purpose))
        .and(Column::UsedAt.is_null())
        .and(Column::ExpiresAt.gt(now))
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    token: &str,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Result<Option<table::Model>> {
    Ok(table::Entity::find().filter(good(token, purpose, now)).one(db).await?)
}

/// Uses a token up: one statement decides, so that of two at once one wins (ASVS V2.3.4).
pub(super) async fn use_up(
    db: &impl ConnectionTrait,
    token: &str,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Result<bool> {
    let used = table::Entity::update_many()
        .col_expr(table::Column::UsedAt, Expr::value(now))
        .filter(good(token, purpose, now))
        .exec(db)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Uses up all recovery tokens of an account.
///
/// # Errors
/// The database failed.
pub async fn void(db: &impl ConnectionTrait, account: AccountId, now: Timestamp) -> Result<()> {
    table::Entity::update_many()
        .col_expr(table::Column::UsedAt, Expr::value(now))
        .filter(table::Column::AccountId.eq(account))
        .filter(table::Column::UsedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// An older copy of the database was brought back: which of its one-time tokens
/// were used since, and which of its sessions have ended, nobody knows any more.
/// All are over. Returns how many sessions ended.
///
/// # Errors
/// The database failed; what is over so far stays so.
pub async fn end_after_restore(
    sessions: &Sessions,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<u64> {
    table::Entity::update_many()
        .col_expr(table::Column::UsedAt, Expr::value(now))
        .filter(table::Column::UsedAt.is_null())
        .exec(sessions.db.write())
        .await?;
    sessions.end_after_restore(actor, now).await
}

/// Removes tokens that are too old to be told apart from wrong ones.
///
/// # Errors
/// The database failed.
pub async fn remove_expired(db: &Db, now: Timestamp) -> Result<()> {
    table::Entity::delete_many()
        .filter(table::Column::ExpiresAt.lt(now - Duration::days(1)))
        .exec(db.write())
        .await?;
    Ok(())
}
