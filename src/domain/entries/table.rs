//! The tables `entries` and `entry_codes`.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use serde::Serialize;
use time::Duration;

use crate::base::error::Result;
use crate::base::store::{Batch, Exported, Table};
use crate::base::timestamp::Timestamp;
use crate::domain::audit;
use crate::domain::sessions::{self, SessionId};

/// An entry lives no longer than this.
pub(super) const ENTRY_LIFE: Duration = Duration::hours(24);

/// One session that entered one host of an application.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sid: SessionId,
    pub application_id: Uuid,
    pub host: String,
    /// When the password had been given, at the moment of entering.
    pub auth_time: Timestamp,
    pub entered_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

/// A code that lets a browser enter once.
pub mod code {
    use sea_orm::entity::prelude::*;

    use crate::base::timestamp::Timestamp;
    use crate::domain::sessions::SessionId;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "entry_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub sid: SessionId,
        pub application_id: Uuid,
        pub host: String,
        pub challenge: Vec<u8>,
        pub created_at: Timestamp,
        pub used_at: Option<Timestamp>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![
        Table::naming_accounts::<Entity>(
            Exported::Rows("entries", |db, id, _| Box::pin(own_entries(db, id))),
            &[],
        ),
        Table::naming_nobody::<code::Entity>("a code is a secret that is good for a minute"),
    ]
}

#[derive(Serialize)]
struct OwnEntry {
    session: String,
    host: String,
    entered_at: String,
    ended_at: Option<String>,
}

async fn own_entries(db: &impl ConnectionTrait, account: Uuid) -> Result<Batch> {
    let sids = sessions::ids_of(db, account).await?;
    let mine = Entity::find().filter(Column::Sid.is_in(sids));
    let rows = mine.order_by_desc(Column::EnteredAt).all(db).await?;
    Batch::all(rows.into_iter().map(|row| OwnEntry {
        session: audit::session_reference(row.sid.0),
        host: row.host,
        entered_at: row.entered_at.iso(),
        ended_at: row.ended_at.map(Timestamp::iso),
    }))
}
