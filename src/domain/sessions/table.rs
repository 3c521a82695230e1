//! The table `sessions`.

use sea_orm::entity::prelude::*;

use super::refresh::rotation::{Rotation, Shown};
use super::session::{Audience, EndReason, SessionId};
use crate::base::store::Table;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
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

/// The tables of this module, for who copies the database.
pub fn tables() -> Vec<Table> {
    vec![Table::of::<Entity>()]
}
