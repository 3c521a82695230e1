//! The table `undoable_actions`: what was done to an account, by whom, and what
//! it was and became by it.

use sea_orm::entity::prelude::*;

use crate::base::store::{AtDeletion, Exported, Table};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

/// What about an account can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum UndoKind {
    /// That it was disabled.
    Disabled,
    /// That its roles were changed.
    Roles,
    /// That it was given other names.
    Names,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "undoable_actions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: i64,
    pub account_id: AccountId,
    pub kind: UndoKind,
    pub actor: AccountId,
    pub at: Timestamp,
    pub state_before: String,
    pub state_after: String,
    /// Somebody has acted on the same since.
    pub superseded: bool,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_accounts::<Entity>(
        Exported::Nothing("the acts are among the events; this is for 30 minutes"),
        &[
            (Column::AccountId, AtDeletion::Removed),
            (
                Column::Actor,
                AtDeletion::Kept(
                    "for 30 minutes: an act stays one of its actor, not of the operator",
                ),
            ),
        ],
    )]
}
