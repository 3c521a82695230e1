//! The roles that admins made. They mean nothing to this service; others read
//! them in the access token.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::names::RoleName;
use super::permissions::{BUILT_IN, MOST_BYTES, Roles};
use super::refusals;
use super::tables::role;
use crate::base::error::{Error, Result};
use crate::base::store::{Table, unless_taken};
use crate::base::timestamp::Timestamp;

/// A role that an admin made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// As it stands in access tokens.
    pub name: String,
    /// What it is for, for other admins.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// All of them, by name.
///
/// # Errors
/// The database failed.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<CustomRole>> {
    let rows = table::Entity::find().order_by_asc(table::Column::Name).all(db).await?;
    let role = |table::Model { name, description, created_at }| CustomRole {
        name,
        description,
        created_at,
    };
    Ok(rows.into_iter().map(role).collect())
}

/// How many accounts have a role.
///
/// # Errors
/// The database failed.
pub async fn holders(db: &impl ConnectionTrait, name: &str) -> Result<u64> {
    Ok(role::Entity::find().filter(role::Column::Role.eq(name)).count(db).await?)
}

/// Makes a role.
///
/// # Errors
/// `accounts::refusals::ROLE_TAKEN`.
pub async fn create(
    db: &impl ConnectionTrait,
    name: &RoleName,
    description: &str,
    now: Timestamp,
) -> Result<()> {
    if BUILT_IN.contains(&name.as_str()) {
        return Err(refusals::ROLE_TAKEN.into());
    }
    let row = table::ActiveModel {
        name: Set(name.as_str().to_owned()),
        description: Set(description.to_owned()),
        created_at: Set(now),
    };
    let written = table::Entity::insert(row).exec_without_returning(db).await;
    unless_taken(written, refusals::ROLE_TAKEN).map(drop)
}

/// Whether each of these roles is built in or on the list.
///
/// # Errors
/// The database failed.
pub async fn exist(db: &impl ConnectionTrait, roles: &Roles) -> Result<bool> {
    let own: Vec<&str> = own_among(roles).collect();
    let found = table::Entity::find().filter(table::Column::Name.is_in(own.iter().copied()));
    Ok(found.count(db).await? == own.len() as u64)
}

fn own_among(roles: &Roles) -> impl Iterator<Item = &str> {
    roles.names().filter(|name| !BUILT_IN.contains(name))
}

pub(super) async fn add_missing(
    db: &impl ConnectionTrait,
    roles: &Roles,
    now: Timestamp,
) -> Result<()> {
    let rows: Vec<_> = own_among(roles)
        .map(|name| table::ActiveModel {
            name: Set(name.to_owned()),
            description: Set(String::new()),
            created_at: Set(now),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let known = OnConflict::column(table::Column::Name).do_nothing().to_owned();
    table::Entity::insert_many(rows).on_conflict(known).exec_without_returning(db).await?;
    Ok(())
}

/// Gives a role another name, also with everyone who has it.
///
/// # Errors
/// [`Error::NotFound`]; `accounts::refusals::ROLE_TAKEN`; `accounts::refusals::TOO_MANY_ROLES` when
/// somebody's roles would not fit into an access token any more.
pub async fn rename(
    db: &impl ConnectionTrait,
    from: &str,
    to: &RoleName,
    description: &str,
) -> Result<()> {
    let row = table::Entity::find_by_id(from.to_owned()).one(db).await?;
    let row = row.ok_or(Error::NotFound)?;
    table::Entity::delete_by_id(from.to_owned()).exec(db).await?;
    create(db, to, description, row.created_at).await?;
    if from == to.as_str() {
        return Ok(());
    }
    role::Entity::update_many()
        .col_expr(role::Column::Role, Expr::value(to.as_str()))
        .filter(role::Column::Role.eq(from))
        .exec(db)
        .await?;
    let holders = role::Entity::find()
        .select_only()
        .column(role::Column::AccountId)
        .filter(role::Column::Role.eq(to.as_str()));
    let crowded = role::Entity::find()
        .select_only()
        .column(role::Column::AccountId)
        .filter(role::Column::AccountId.in_subquery(sea_orm::QueryTrait::into_query(holders)))
        .group_by(role::Column::AccountId)
        .having(Expr::cust("sum(length(role) + 3)").gt(MOST_BYTES as i64))
        .limit(1)
        .into_tuple::<uuid::Uuid>()
        .one(db)
        .await?;
    if crowded.is_some() { Err(refusals::TOO_MANY_ROLES.into()) } else { Ok(()) }
}

/// Removes a role, also from everyone who has it. Returns how many had it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn remove(db: &impl ConnectionTrait, name: &str) -> Result<u64> {
    let gone = table::Entity::delete_by_id(name.to_owned()).exec(db).await?;
    if gone.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    let taken = role::Entity::delete_many().filter(role::Column::Role.eq(name)).exec(db).await?;
    Ok(taken.rows_affected)
}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_nobody::<table::Entity>(
        "which roles there are; who has them is in `account_roles`",
    )]
}

/// The table `roles`: the roles that admins made.
mod table {
    use sea_orm::entity::prelude::*;

    use crate::base::timestamp::Timestamp;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "roles")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub description: String,
        pub created_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
