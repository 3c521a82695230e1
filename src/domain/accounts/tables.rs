//! The tables `accounts` and `account_roles`.

use sea_orm::entity::prelude::*;

use super::id::AccountId;
use crate::base::store::Table;
use crate::base::timestamp::Timestamp;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    pub username: String,
    #[sea_orm(unique)]
    pub username_canonical: String,
    pub email: String,
    #[sea_orm(unique)]
    pub email_canonical: String,
    pub password_hash: String,
    pub password_changed_at: Timestamp,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
    pub epoch: i64,
    pub last_login_at: Option<Timestamp>,
    pub last_login_address: String,
    pub last_login_user_agent: String,
    pub failed_logins: i64,
    pub browsers_since: Timestamp,
    pub raised_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The table `account_roles`: a row for each role an account has.
pub mod role {
    use sea_orm::entity::prelude::*;

    use crate::domain::accounts::id::AccountId;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_roles")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: AccountId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub role: String,
        /// As in the account.
        pub username_canonical: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tables of this module, for who copies the database.
pub fn tables() -> Vec<Table> {
    vec![Table::of::<Entity>(), Table::of::<role::Entity>()]
}
