//! The tables `accounts` and `account_roles`.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use serde::Serialize;

use super::id::AccountId;
use super::kind::AccountKind;
use crate::base::error::{Error, Result};
use crate::base::store::{AtDeletion, Batch, Exported, Table};
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
    pub display_name: String,
    pub locked_until: Option<Timestamp>,
    pub failed_before_unlock: i64,
    pub kind: AccountKind,
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

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![
        Table::naming_accounts::<Entity>(
            Exported::Fields(|db, id, _| Box::pin(own_account(db, id))),
            &[(Column::Id, AtDeletion::Removed)],
        ),
        Table::naming_accounts::<role::Entity>(
            Exported::Rows("roles", |db, id, _| Box::pin(own_roles(db, id))),
            &[(role::Column::AccountId, AtDeletion::Removed)],
        ),
    ]
}

/// What its owner is given of an account. Of the password only when it was set.
#[derive(Serialize)]
struct OwnAccount {
    id: String,
    username: String,
    display_name: String,
    email: String,
    created_at: String,
    password_changed_at: String,
    failed_logins: i64,
    last_login_at: Option<String>,
    last_login_address: String,
    last_login_user_agent: String,
}

async fn own_account(db: &impl ConnectionTrait, id: Uuid) -> Result<Batch> {
    let row = Entity::find_by_id(AccountId(id)).one(db).await?.ok_or(Error::NotFound)?;
    Batch::fields(&OwnAccount {
        id: row.id.to_string(),
        username: row.username,
        display_name: row.display_name,
        email: row.email,
        created_at: row.created_at.iso(),
        password_changed_at: row.password_changed_at.iso(),
        failed_logins: row.failed_logins,
        last_login_at: row.last_login_at.map(Timestamp::iso),
        last_login_address: row.last_login_address,
        last_login_user_agent: row.last_login_user_agent,
    })
}

async fn own_roles(db: &impl ConnectionTrait, id: Uuid) -> Result<Batch> {
    let mine = role::Entity::find().filter(role::Column::AccountId.eq(id));
    let rows = mine.order_by_asc(role::Column::Role).all(db).await?;
    Batch::all(rows.into_iter().map(|row| row.role))
}
