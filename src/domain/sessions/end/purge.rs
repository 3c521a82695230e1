//! How many ended sessions are kept of one account: nobody reads more, and
//! whoever logs in and out all day must not fill the database.

use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};
use time::Duration;

use super::tables::{Column, Entity};
use super::{SessionId, Sessions};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

/// Ended sessions kept of one account.
const MOST: u64 = 200;

/// Only accounts with a session that ended within this time are looked at.
const LATELY: Duration = Duration::minutes(10);

impl Sessions {
    /// Removes the oldest ended sessions of accounts that have too many: a
    /// batch. Says whether there may be more.
    pub(super) async fn remove_surplus(&self, now: Timestamp) -> Result<bool> {
        const BATCH: u64 = 20;
        let lately = Entity::find()
            .select_only()
            .column(Column::AccountId)
            .filter(Column::EndedAt.gt(now - LATELY));
        let crowded: Vec<AccountId> = Entity::find()
            .select_only()
            .column(Column::AccountId)
            .filter(Column::AccountId.in_subquery(lately.into_query()))
            .filter(Column::EndedAt.is_not_null())
            .group_by(Column::AccountId)
            .having(Expr::col(Column::Sid).count().gt(MOST as i64))
            .limit(BATCH)
            .into_tuple()
            .all(self.db.read())
            .await?;
        for account in &crowded {
            let surplus: Vec<SessionId> = Entity::find()
                .select_only()
                .column(Column::Sid)
                .filter(Column::AccountId.eq(*account))
                .filter(Column::EndedAt.is_not_null())
                .order_by_desc(Column::EndedAt)
                .offset(MOST)
                .limit(MOST)
                .into_tuple()
                .all(self.db.read())
                .await?;
            let which = Column::Sid.is_in(surplus);
            Entity::delete_many().filter(which).exec(self.db.write()).await?;
        }
        Ok(!crowded.is_empty())
    }
}
