//! The table `audit_events`.

use sea_orm::entity::prelude::*;

use crate::base::store::{AtDeletion, Exported, Table};
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

/// The tables of this module. What the log tells a person is `exported`: it takes the words of
/// the service and the events of other modules.
pub fn tables(exported: Exported) -> Vec<Table> {
    const KEPT: AtDeletion = AtDeletion::Kept(
        "for `audit_retention_days`: the log is append-only; the id names nobody any more, but `user.edited` has the names that staff changed",
    );
    vec![Table::naming_accounts::<Entity>(
        exported,
        &[(Column::Actor, KEPT), (Column::Target, KEPT)],
    )]
}
