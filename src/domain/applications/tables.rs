//! The tables `applications`, `application_hosts` and `application_changes`.

use sea_orm::entity::prelude::*;

use crate::base::store::{AtDeletion, Exported, Table};
use crate::base::timestamp::Timestamp;

/// The number that grows with every change of an application.
pub(super) const VERSION: &str = "applications_version";

/// An application, as it was written.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "applications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub slug: String,
    /// A `Draft`, as JSON.
    pub draft: String,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

/// Which application has a host: no two have the same.
pub mod host {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "application_hosts")]
    pub struct Model {
        /// Without a port: cookies know none.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub application_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was done to applications in the last half hour, so that it can be taken back.
pub mod change {
    use sea_orm::entity::prelude::*;

    use crate::base::timestamp::Timestamp;
    use crate::domain::accounts::AccountId;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "application_changes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: i64,
        pub application_id: Uuid,
        pub actor: AccountId,
        pub at: Timestamp,
        /// What it was; `None` if it was not there.
        pub before: Option<String>,
        /// What it became; `None` if it was removed.
        pub after: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![
        Table::naming_nobody::<Entity>("which applications there are, and their rules"),
        Table::naming_nobody::<host::Entity>("which application has which host"),
        Table::naming_accounts::<change::Entity>(
            Exported::Nothing("the acts are among the events; this is for 30 minutes"),
            &[(
                change::Column::Actor,
                AtDeletion::Kept(
                    "for 30 minutes: an act stays one of its actor, not of the operator",
                ),
            )],
        ),
    ]
}
