//! The table `audit_events`.

use sea_orm::entity::prelude::*;

use crate::base::store::Table;
use crate::base::timestamp::Timestamp;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: Timestamp,
    pub event: String,
    pub actor: Option<Uuid>,
    pub target: Option<Uuid>,
    pub session: String,
    pub address: String,
    pub user_agent: String,
    pub detail: String,
    pub reason: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module, for who copies the database.
pub fn tables() -> Vec<Table> {
    vec![Table::of::<Entity>()]
}
