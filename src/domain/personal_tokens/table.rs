//! The table `personal_tokens`.

use std::fmt::Display;

use ipnet::IpNet;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::new::Reach;
use crate::base::error::{Error, Result};
use crate::base::store::{AtDeletion, Batch, Exported, Table};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: AccountId,
    #[sea_orm(unique)]
    pub hash: Vec<u8>,
    /// The last four characters.
    pub hint: String,
    pub name: String,
    /// A list of names, as JSON.
    pub roles: String,
    /// A list of ids, as JSON; nothing for all applications.
    pub applications: Option<String>,
    /// A list in CIDR notation, as JSON; empty for everywhere.
    pub networks: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub last_used_address: String,
    pub revoked_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Those it was made with.
    pub fn roles(&self) -> Result<Roles> {
        Ok(Roles::stored(read::<Vec<String>>(&self.roles)?))
    }

    /// Which applications it opens.
    pub fn reach(&self) -> Result<Reach> {
        let these = self.applications.as_deref().map(read);
        these.map_or(Ok(Reach::All), |these| these.map(Reach::These))
    }

    /// From where it is good.
    pub fn networks(&self) -> Result<Vec<IpNet>> {
        let texts: Vec<String> = read(&self.networks)?;
        let parsed = texts.iter().map(|text| text.parse().map_err(unreadable));
        parsed.collect()
    }
}

/// A list as the table keeps it.
pub(super) fn written(list: &impl Serialize) -> Result<String> {
    serde_json::to_string(list).map_err(unreadable)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(unreadable)
}

fn unreadable(why: impl Display) -> Error {
    Error::broken(format!("A personal token cannot be read or written: {why}."))
}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_accounts::<Entity>(
        Exported::Rows("personal_tokens", |db, id, _| Box::pin(own_tokens(db, id))),
        &[(Column::AccountId, AtDeletion::Removed)],
    )]
}

#[derive(Serialize)]
struct OwnToken {
    name: String,
    ends_with: String,
    opens_all_applications: bool,
    applications: Vec<String>,
    roles: Vec<String>,
    networks: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    last_used_address: String,
    revoked_at: Option<String>,
}

async fn own_tokens(db: &impl ConnectionTrait, account: Uuid) -> Result<Batch> {
    let mine = Entity::find().filter(Column::AccountId.eq(AccountId(account)));
    let mut rows = vec![];
    for row in mine.order_by_desc(Column::CreatedAt).all(db).await? {
        let (opens_all_applications, ids) = match row.reach()? {
            Reach::All => (true, vec![]),
            Reach::These(ids) => (false, ids),
        };
        rows.push(OwnToken {
            opens_all_applications,
            applications: applications::slugs(db, ids).await?,
            roles: row.roles()?.names().map(str::to_owned).collect(),
            networks: read(&row.networks)?,
            name: row.name,
            ends_with: row.hint,
            created_at: row.created_at.iso(),
            expires_at: row.expires_at.map(Timestamp::iso),
            last_used_at: row.last_used_at.map(Timestamp::iso),
            last_used_address: row.last_used_address,
            revoked_at: row.revoked_at.map(Timestamp::iso),
        });
    }
    Batch::all(rows)
}
