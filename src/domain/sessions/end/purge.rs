//! Forgetting and removing what is over.

use std::time::Instant;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use time::Duration;

use super::{end_where, some_sids};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::sessions::handle::Sessions;
use crate::domain::sessions::list::count_live;
use crate::domain::sessions::revocation::remove_expired;
use crate::domain::sessions::session::{EndReason, SessionId};
use crate::domain::sessions::table::{Column, Entity};
use crate::domain::statistics;

/// Ended sessions are kept this long, so that a browser that comes back can be
/// told why it was signed out.
const KEPT: Duration = Duration::days(30);

/// Ended sessions kept of one account: nobody reads more, and a client that logs in
/// and out all day must not fill the database.
const MOST: u64 = 200;

/// Only accounts with a session that ended within this time are looked at.
const LATELY: Duration = Duration::minutes(10);

impl Sessions {
    /// What a server does about once a minute: forget and remove what is over,
    /// in batches small enough not to hold up a log-in. Says whether there may be more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_expired(&self, now: Timestamp) -> Result<bool> {
        if self.remove_some(now).await? || self.remove_surplus(now).await? {
            return Ok(true);
        }
        self.index.forget_expired(Instant::now());
        self.activity.forget_old(now);
        statistics::forget_old(self.db.write(), now).await?;
        let live = count_live(self.db.read(), now).await?;
        statistics::set(self.db.write(), statistics::LIVE_SESSIONS, live as i64, now).await?;
        Ok(false)
    }

    /// Marks sessions that ran out, and removes rows and revocations nobody
    /// needs any more: a batch of each. Says whether there may be more.
    async fn remove_some(&self, now: Timestamp) -> Result<bool> {
        const BATCH: u64 = 200;
        let mut more = false;
        for (column, reason) in
            [(Column::IdleAt, EndReason::Idle), (Column::AbsoluteAt, EndReason::Absolute)]
        {
            let over = Column::EndedAt.is_null().and(column.lte(now));
            let over = some_sids(self.db.read(), over, BATCH).await?;
            if !over.is_empty() {
                more |= over.len() as u64 == BATCH;
                // Still over: a request may have carried it on since.
                let which = Column::Sid.is_in(over).and(column.lte(now));
                end_where(self.db.write(), which, reason, now).await?;
            }
        }
        let old = some_sids(self.db.read(), Column::EndedAt.lte(now - KEPT), BATCH).await?;
        if !old.is_empty() {
            more |= old.len() as u64 == BATCH;
            let which = Column::Sid.is_in(old);
            Entity::delete_many().filter(which).exec(self.db.write()).await?;
        }
        more |= remove_expired(self.db.write(), BATCH, now).await? == BATCH;
        Ok(more)
    }

    /// Removes the oldest ended sessions of accounts that have too many: a
    /// batch. Says whether there may be more.
    async fn remove_surplus(&self, now: Timestamp) -> Result<bool> {
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
