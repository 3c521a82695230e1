//! Finding and counting accounts.

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::names::LoginName;
use super::roles::{ADMIN, Roles};
use super::{Account, AccountId, entity};
use crate::error::{Error, Result};

/// The account of that id, with its roles.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<Account> {
    let row = entity::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)?;
    Ok(Account::of(row, roles_of(db, id).await?))
}

/// The same, held until the transaction ends, so that no two change it at once.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id_to_change(db: &impl ConnectionTrait, id: AccountId) -> Result<Account> {
    let row = entity::Entity::find_by_id(id).lock_exclusive().one(db).await?;
    Ok(Account::of(row.ok_or(Error::NotFound)?, roles_of(db, id).await?))
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
) -> Result<Option<entity::Model>> {
    let column = if login.is_email() {
        entity::Column::EmailCanonical
    } else {
        entity::Column::UsernameCanonical
    };
    Ok(entity::Entity::find().filter(column.eq(login.canonical())).one(db).await?)
}

pub(super) async fn roles_of(db: &impl ConnectionTrait, id: AccountId) -> Result<Roles> {
    let rows =
        entity::role::Entity::find().filter(entity::role::Column::AccountId.eq(id)).all(db).await?;
    Ok(Roles::stored(rows.into_iter().map(|row| row.role)))
}

/// One screen of accounts by name: those after `after`, whose name or address
/// begins with `search`.
///
/// # Errors
/// The database failed.
pub async fn list(
    db: &impl ConnectionTrait,
    search: &str,
    after: &str,
    limit: u64,
) -> Result<Vec<Account>> {
    let mut query = entity::Entity::find()
        .filter(entity::Column::UsernameCanonical.gt(after))
        .order_by_asc(entity::Column::UsernameCanonical)
        .limit(limit);
    if !search.is_empty() {
        // A range, not LIKE: it uses the index and has no wildcards to escape.
        let (from, to) = (search.to_lowercase(), format!("{}\u{10ffff}", search.to_lowercase()));
        query = query.filter(
            entity::Column::UsernameCanonical
                .between(&from, &to)
                .or(entity::Column::EmailCanonical.between(&from, &to)),
        );
    }
    let rows = query.all(db).await?;
    let ids: Vec<AccountId> = rows.iter().map(|row| row.id).collect();
    let roles = entity::role::Entity::find()
        .filter(entity::role::Column::AccountId.is_in(ids))
        .all(db)
        .await?;
    let account = |row: entity::Model| {
        let mine = roles.iter().filter(|role| role.account_id == row.id);
        let mine = Roles::stored(mine.map(|role| role.role.clone()));
        Account::of(row, mine)
    };
    Ok(rows.into_iter().map(account).collect())
}

/// How many accounts there are.
///
/// # Errors
/// The database failed.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(entity::Entity::find().count(db).await?)
}

/// How many administrators could log in now.
///
/// # Errors
/// The database failed.
pub async fn count_admins(db: &impl ConnectionTrait) -> Result<u64> {
    let ids = Query::select()
        .column(entity::role::Column::AccountId)
        .from(entity::role::Entity)
        .and_where(entity::role::Column::Role.eq(ADMIN))
        .to_owned();
    let admins = entity::Entity::find()
        .filter(entity::Column::Id.in_subquery(ids))
        .filter(entity::Column::DisabledAt.is_null());
    Ok(admins.count(db).await?)
}

/// The highest epoch of any account; 0 where there is none.
///
/// # Errors
/// The database failed.
pub async fn highest_epoch(db: &impl ConnectionTrait) -> Result<i64> {
    let highest: Option<Option<i64>> = entity::Entity::find()
        .select_only()
        .column_as(Expr::col(entity::Column::Epoch).max(), "highest")
        .into_tuple()
        .one(db)
        .await?;
    Ok(highest.flatten().unwrap_or(0))
}
