//! The table `one_time_tokens`.

use sea_orm::entity::prelude::*;

use crate::base::store::{AtDeletion, Exported, Table};
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
    /// Showing a form again that was sent too late.
    HeldForm,
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

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_accounts::<Entity>(
        Exported::Nothing(
            "a link is a secret, and that it was created is among the events; a held form is there for 15 minutes",
        ),
        &[
            (Column::AccountId, AtDeletion::Removed),
            // Without it, the link would be one of the operator, which is valid.
            (
                Column::MadeBy,
                AtDeletion::Kept(
                    "until a day after the link expires: it is refused because its maker is gone",
                ),
            ),
        ],
    )]
}
