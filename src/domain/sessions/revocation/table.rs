//! The table `revocations`.

use sea_orm::entity::prelude::*;

use crate::base::store::{AtDeletion, Exported, Table};
use crate::base::timestamp::Timestamp;

/// What a revocation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Kind {
    /// One access token, by its `jti`.
    Token,
    /// One session, by its `sid`: all generations below `min_version`.
    Session,
    /// One account, by its `sub`: all epochs below `min_version`.
    Account,
    /// Everyone: all epochs below `min_version`.
    Global,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "revocations")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub kind: Kind,
    pub subject: Uuid,
    pub min_version: i64,
    pub reason: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_accounts::<Entity>(
        Exported::Nothing("only which tokens are invalid, until they expire"),
        &[(
            Column::Subject,
            AtDeletion::Kept(
                "until the last access token of the account expires: this row refuses it",
            ),
        )],
    )]
}
