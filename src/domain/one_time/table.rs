//! The table `one_time_tokens`.

use sea_orm::entity::prelude::*;

use crate::base::store::Table;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

/// What a one-time token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum TokenPurpose {
    /// Making the first administrator.
    Setup,
    /// Setting a new password without the old one.
    Recovery,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "one_time_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub purpose: TokenPurpose,
    pub account_id: Option<AccountId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    /// The account that made it; `None` for the operator.
    pub made_by: Option<AccountId>,
    /// What the one who brings it back needs, as JSON.
    pub payload: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module, for who copies the database.
pub fn tables() -> Vec<Table> {
    vec![Table::of::<Entity>()]
}
