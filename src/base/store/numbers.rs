//! Numbers that concern everyone, each by its name: the table `service`.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::table::Table;
use crate::base::error::Result;

/// The number of that name; 0 while nobody has set it.
///
/// # Errors
/// The database failed.
pub async fn get(db: &impl ConnectionTrait, name: &str) -> Result<i64> {
    let row = table::Entity::find_by_id(name.to_owned()).one(db).await?;
    Ok(row.map_or(0, |row| row.value))
}

/// Those of these numbers that somebody has set, read in one statement.
///
/// # Errors
/// The database failed.
pub async fn get_all(db: &impl ConnectionTrait, names: &[&str]) -> Result<HashMap<String, i64>> {
    let rows = table::Entity::find()
        .filter(table::Column::Name.is_in(names.iter().copied()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.value)).collect())
}

/// Sets the number of that name.
///
/// # Errors
/// The database failed.
pub async fn set(db: &impl ConnectionTrait, name: &str, value: i64) -> Result<()> {
    set_all(db, &[(name, value)]).await
}

/// Sets these numbers, at least one, in one statement.
///
/// # Errors
/// The database failed.
pub async fn set_all(db: &impl ConnectionTrait, numbers: &[(&str, i64)]) -> Result<()> {
    let rows = numbers.iter().map(|(name, value)| table::ActiveModel {
        name: Set((*name).to_owned()),
        value: Set(*value),
    });
    let replace =
        OnConflict::column(table::Column::Name).update_column(table::Column::Value).to_owned();
    table::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Raises the number of that name by one. Others who raise it wait until the
/// caller's transaction ends.
///
/// # Errors
/// The database failed.
pub async fn raise(db: &impl ConnectionTrait, name: &str) -> Result<()> {
    let first = table::ActiveModel { name: Set(name.to_owned()), value: Set(1) };
    let present = Expr::col((table::Entity, table::Column::Value));
    let next = OnConflict::column(table::Column::Name)
        .value(table::Column::Value, present.add(1))
        .to_owned();
    table::Entity::insert(first).on_conflict(next).exec_without_returning(db).await?;
    Ok(())
}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_nobody::<table::Entity>("numbers of the service as a whole")]
}

mod table {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "service")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
