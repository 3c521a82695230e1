//! The table `sessions`.

use sea_orm::entity::prelude::*;

use super::refresh::rotation::{Rotation, Shown};
use super::{Audience, EndReason, SessionId};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

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
    pub remember: bool,
    pub idle_millis: i64,
    pub idle_at: Timestamp,
    pub absolute_at: Timestamp,
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

/// The table `revocations`.
pub mod revocation {
    use sea_orm::entity::prelude::*;

    use crate::base::timestamp::Timestamp;
    use crate::domain::sessions::revocation::Kind;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "revocations")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub kind: Kind,
        pub subject: Uuid,
        pub min_version: i64,
        pub reason: String,
        pub created_at: Timestamp,
        pub expires_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table `service`: numbers that concern everyone.
pub mod service {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "service")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table `revocation_receipts`: which process took a revocation up, and
/// how long after it was written.
pub mod acknowledgement {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "revocation_receipts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub revocation_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub instance: String,
        pub delay_millis: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
