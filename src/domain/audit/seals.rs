//! The table `audit_seals`.

use sea_orm::entity::prelude::*;

use crate::base::store::Table;
use crate::base::timestamp::Timestamp;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_seals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    #[sea_orm(unique)]
    pub event_id: i64,
    pub hash: Vec<u8>,
    pub sealed_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_nobody::<Entity>("hashes over the audit log")]
}
