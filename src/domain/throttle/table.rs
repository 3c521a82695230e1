//! The table `attempts`.

use sea_orm::entity::prelude::*;

use crate::base::store::Table;
use crate::base::timestamp::Timestamp;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
    pub name_key: Option<Vec<u8>>,
    pub count: i64,
    pub last_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_nobody::<Entity>(
        "MACs of names and addresses, which cannot be read backwards, for at most 30 days",
    )]
}
