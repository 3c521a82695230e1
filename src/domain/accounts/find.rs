//! Finding and counting accounts.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use uuid::Uuid;

use super::account::{Account, NewAccount};
use super::id::AccountId;
use super::kind::AccountKind;
use super::names::{LoginName, kept};
use super::permissions::{ADMIN, Roles};
use super::refusals;
use super::tables;
use crate::base::error::{Error, Refusal, Result};

/// The account of that id, with its roles.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<Account> {
    let row = tables::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)?;
    Ok(Account::of(row, roles_of(db, id).await?))
}

/// The same, held until the transaction ends, so that no two change it at once.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id_to_change(db: &impl ConnectionTrait, id: AccountId) -> Result<Account> {
    let row = tables::Entity::find_by_id(id).lock_exclusive().one(db).await?;
    Ok(Account::of(row.ok_or(Error::NotFound)?, roles_of(db, id).await?))
}

/// Those of these accounts that exist, by id, held until the transaction ends.
/// A transaction that needs several locks them in this order, all at once.
///
/// # Errors
/// The database failed.
pub async fn hold(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = AccountId>,
) -> Result<Vec<Account>> {
    // Databases have a limit on the values of one statement.
    const BATCH: usize = 500;
    let ids: BTreeSet<Uuid> = ids.into_iter().map(|id| id.0).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut held = vec![];
    for batch in ids.chunks(BATCH) {
        let rows = tables::Entity::find()
            .filter(tables::Column::Id.is_in(batch.iter().copied()))
            .order_by_asc(tables::Column::Id)
            .lock_exclusive()
            .all(db)
            .await?;
        held.extend(with_roles(db, rows).await?);
    }
    Ok(held)
}

/// An account whose password was found right, held until the transaction ends.
///
/// # Errors
/// `accounts::refusals::ACCOUNT_CHANGED` when it has another password since, was disabled
/// or deleted; also of a service, which has none.
pub async fn hold_unchanged(db: &impl ConnectionTrait, verified: &Account) -> Result<Account> {
    let held = match by_id_to_change(db, verified.id).await {
        Err(Error::NotFound) => return Err(refusals::ACCOUNT_CHANGED.into()),
        held => held?,
    };
    let is_same = held.password_hash == verified.password_hash && held.disabled_at.is_none();
    if is_same && held.kind == AccountKind::Person {
        Ok(held)
    } else {
        Err(refusals::ACCOUNT_CHANGED.into())
    }
}

/// The same for a sign-in, which also ends when its epoch does: with a role
/// change, and with the end of all sessions.
///
/// # Errors
/// `accounts::refusals::ACCOUNT_CHANGED`.
pub async fn hold_for_sign_in(db: &impl ConnectionTrait, verified: &Account) -> Result<Account> {
    let held = hold_unchanged(db, verified).await?;
    if held.epoch == verified.epoch { Ok(held) } else { Err(refusals::ACCOUNT_CHANGED.into()) }
}

/// The account of that user name or e-mail address.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_login_name(db: &impl ConnectionTrait, login: &LoginName) -> Result<Account> {
    let row = by_name(db, login).await?.ok_or(Error::NotFound)?;
    let roles = roles_of(db, row.id).await?;
    Ok(Account::of(row, roles))
}

pub(super) async fn by_name(
    db: &impl ConnectionTrait,
    login: &LoginName,
) -> Result<Option<tables::Model>> {
    let column = if login.is_email() {
        tables::Column::EmailCanonical
    } else {
        tables::Column::UsernameCanonical
    };
    Ok(tables::Entity::find().filter(column.eq(login.canonical())).one(db).await?)
}

/// Why somebody cannot be called so, if another account is.
pub(super) async fn taken(db: &impl ConnectionTrait, new: &NewAccount) -> Result<Option<Refusal>> {
    let of = |column: tables::Column, name: &str| tables::Entity::find().filter(column.eq(name));
    let name = new.username.canonical();
    let is_taken = of(tables::Column::UsernameCanonical, name).one(db).await?.is_some();
    // Always asked, so that both take as long.
    let is_kept = kept::is_kept(db, name).await?;
    if is_taken || is_kept {
        return Ok(Some(refusals::USERNAME_TAKEN));
    }
    let email = of(tables::Column::EmailCanonical, new.email.canonical()).one(db).await?;
    Ok(email.map(|_| refusals::EMAIL_TAKEN))
}

pub(super) async fn roles_of(db: &impl ConnectionTrait, id: AccountId) -> Result<Roles> {
    let rows =
        tables::role::Entity::find().filter(tables::role::Column::AccountId.eq(id)).all(db).await?;
    Ok(Roles::stored(rows.into_iter().map(|row| row.role)))
}

/// The accounts of these ids that exist, by name.
///
/// # Errors
/// The database failed.
pub async fn all_of(db: &impl ConnectionTrait, ids: &[AccountId]) -> Result<Vec<Account>> {
    let rows = tables::Entity::find()
        .filter(tables::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(tables::Column::UsernameCanonical)
        .all(db)
        .await?;
    with_roles(db, rows).await
}

pub(super) async fn with_roles(
    db: &impl ConnectionTrait,
    rows: Vec<tables::Model>,
) -> Result<Vec<Account>> {
    // Of nobody, the database would look through all of them.
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let ids: Vec<AccountId> = rows.iter().map(|row| row.id).collect();
    let roles = tables::role::Entity::find()
        .filter(tables::role::Column::AccountId.is_in(ids))
        .all(db)
        .await?;
    let mut by_account: HashMap<AccountId, Vec<String>> = HashMap::new();
    for role in roles {
        by_account.entry(role.account_id).or_default().push(role.role);
    }
    let account = |row: tables::Model| {
        let mine = by_account.remove(&row.id).unwrap_or_default();
        Account::of(row, Roles::stored(mine))
    };
    Ok(rows.into_iter().map(account).collect())
}

/// The user names behind these ids; deleted accounts have none.
///
/// # Errors
/// The database failed.
pub async fn names_of(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>> {
    let ids: Vec<AccountId> = ids.into_iter().map(AccountId).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String)> = tables::Entity::find()
        .select_only()
        .columns([tables::Column::Id, tables::Column::Username])
        .filter(tables::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Accounts with at least so many failed log-ins in a row since they were
/// unlocked, the most first.
///
/// # Errors
/// The database failed.
pub async fn most_failures(
    db: &impl ConnectionTrait,
    at_least: i64,
    limit: u64,
) -> Result<Vec<Account>> {
    let rows = tables::Entity::find()
        .filter(tables::Column::FailedLogins.gte(at_least))
        .filter(
            Expr::col(tables::Column::FailedLogins)
                .sub(Expr::col(tables::Column::FailedBeforeUnlock))
                .gte(at_least),
        )
        // As the index says it, and not as a value, so that SQLite sees that it fits.
        .filter(Expr::col((tables::Entity, tables::Column::FailedLogins)).gt(Expr::cust("0")))
        .order_by_desc(tables::Column::FailedLogins)
        .limit(limit)
        .all(db)
        .await?;
    with_roles(db, rows).await
}

/// Lets nobody else make or unmake administrators until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn hold_admins(db: &impl ConnectionTrait) -> Result<()> {
    tables::role::Entity::find()
        .filter(tables::role::Column::Role.eq(ADMIN))
        .order_by_asc(tables::role::Column::AccountId)
        .lock_exclusive()
        .all(db)
        .await?;
    Ok(())
}

/// How many accounts there are.
///
/// # Errors
/// The database failed.
#[cfg(feature = "test-support")]
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(tables::Entity::find().count(db).await?)
}

/// How many administrators could log in now.
///
/// # Errors
/// The database failed.
pub async fn count_admins(db: &impl ConnectionTrait) -> Result<u64> {
    let ids = Query::select()
        .column(tables::role::Column::AccountId)
        .from(tables::role::Entity)
        .and_where(tables::role::Column::Role.eq(ADMIN))
        .to_owned();
    let admins = tables::Entity::find()
        .filter(tables::Column::Id.in_subquery(ids))
        .filter(tables::Column::DisabledAt.is_null());
    Ok(admins.count(db).await?)
}

/// The highest epoch of any account; 0 where there is none.
///
/// # Errors
/// The database failed.
pub async fn highest_epoch(db: &impl ConnectionTrait) -> Result<i64> {
    let highest: Option<Option<i64>> = tables::Entity::find()
        .select_only()
        .column_as(Expr::col(tables::Column::Epoch).max(), "highest")
        .into_tuple()
        .one(db)
        .await?;
    Ok(highest.flatten().unwrap_or(0))
}
