//! The table `sessions`.

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveEnum, QueryOrder};
use serde::Serialize;

use super::refresh::rotation::{Rotation, Shown};
use super::session::{Audience, EndReason, SessionId};
use crate::base::error::Result;
use crate::base::store::{AtDeletion, Batch, Exported, Table};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::audit;
use crate::domain::login::{AuthLevel, AuthMethods};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sid: SessionId,
    pub account_id: AccountId,
    pub client: Audience,
    pub created_at: Timestamp,
    pub auth_time: Timestamp,
    pub auth_methods: String,
    pub remember: bool,
    pub idle_millis: i64,
    pub idle_at: Timestamp,
    pub absolute_at: Timestamp,
    /// Staff pages are closed from then on, unless the session is used before.
    pub staff_idle_at: Timestamp,
    #[sea_orm(column_name = "gen")]
    pub generation: i64,
    pub mark: Timestamp,
    pub shown_mark: Option<Timestamp>,
    pub shown_at: Option<Timestamp>,
    pub parent_mark: Timestamp,
    pub again_at: Option<Timestamp>,
    pub kid: String,
    pub salt: Vec<u8>,
    pub user_agent: String,
    pub address: String,
    pub last_seen_at: Timestamp,
    pub previous_login_at: Option<Timestamp>,
    pub previous_login_address: String,
    pub previous_login_user_agent: String,
    pub failures_before: i64,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    /// The session that a renewal went on as.
    pub continued_by: Option<SessionId>,
}

impl Model {
    /// What its owner proved last, and when.
    pub fn auth(&self) -> AuthLevel {
        AuthLevel { methods: AuthMethods::stored(&self.auth_methods), at: self.auth_time }
    }

    /// When and why it ended, if it has.
    pub fn ended(&self) -> Option<(Timestamp, EndReason)> {
        self.ended_at.map(|at| (at, self.end_reason.unwrap_or(EndReason::ByStaff)))
    }

    /// What it says about its line of tokens.
    pub fn rotation(&self) -> Rotation {
        let shown = self.shown_mark.zip(self.shown_at).map(|(mark, at)| Shown { mark, at });
        Rotation {
            generation: self.generation,
            mark: self.mark,
            shown,
            parent_mark: self.parent_mark,
            again_at: self.again_at,
            seen_at: self.last_seen_at,
        }
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_accounts::<Entity>(
        Exported::Rows("sessions", |db, id, _| Box::pin(own_sessions(db, id))),
        &[(Column::AccountId, AtDeletion::Removed)],
    )]
}

/// What its owner is given of a session.
#[derive(Serialize)]
struct OwnSession {
    id: String,
    client: String,
    started_at: String,
    last_seen_at: String,
    address: String,
    user_agent: String,
    remember: bool,
    ended_at: Option<String>,
    end_reason: Option<String>,
}

/// Live ones and those that ended lately, newest first.
async fn own_sessions(db: &impl ConnectionTrait, account: Uuid) -> Result<Batch> {
    let mine = Entity::find().filter(Column::AccountId.eq(account));
    let rows = mine.order_by_desc(Column::CreatedAt).all(db).await?;
    Batch::all(rows.into_iter().map(|row| {
        let ended = row.ended();
        OwnSession {
            id: audit::session_reference(row.sid.0),
            client: row.client.to_value(),
            started_at: row.created_at.iso(),
            last_seen_at: row.last_seen_at.iso(),
            address: row.address,
            user_agent: row.user_agent,
            remember: row.remember,
            ended_at: ended.map(|(at, _)| at.iso()),
            end_reason: ended.map(|(_, reason)| reason.name()),
        }
    }))
}
