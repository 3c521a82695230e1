//! Reading what other processes added to the table, and telling them how soon
//! it was applied.

use std::time::{Duration as RealDuration, Instant};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::index::Index;
use super::revoke::global_epoch;
use super::{acknowledged, table};
use crate::base::error::Result;
use crate::base::store::shared;
use crate::base::timestamp::Timestamp;

/// How long the table may go unread before requests ask the database themselves.
const SILENCE: RealDuration = RealDuration::from_secs(5);

impl Index {
    /// Whether the table was read recently enough to be relied on.
    pub fn is_fresh(&self) -> bool {
        let tail = self.tail.lock().expect("no panic while the lock is held");
        tail.heard_at.is_some_and(|at| at.elapsed() < SILENCE)
    }

    /// The next reading begins with the first row again: after a silence in
    /// which another database may have taken the place of this one.
    pub fn reread(&self) {
        self.tail.lock().expect("no panic while the lock is held").whole = true;
    }

    /// Reads what was added to the table since the last time, by any process.
    ///
    /// # Errors
    /// The database failed; the next call reads what this one could not.
    pub async fn read_tail(&self, db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
        let began = Instant::now();
        // Before the rows: what is under way now may be missing among them.
        let under_way = shared::oldest_under_way(db).await?;
        self.raise_global_epoch(global_epoch(db).await?);
        let (from, whole) = {
            let mut tail = self.tail.lock().expect("no panic while the lock is held");
            // Numbers start again where a copy was brought back to another server.
            let whole = std::mem::take(&mut tail.whole) || under_way.is_some_and(|n| n < tail.from);
            (if whole { 0 } else { tail.from }, whole)
        };
        let read = self.read_rows(db, (under_way.is_some(), from), now).await;
        let mut tail = self.tail.lock().expect("no panic while the lock is held");
        match read {
            Ok(last) => {
                tail.from = under_way.unwrap_or(last);
                tail.heard_at = Some(began);
                Ok(())
            }
            Err(error) => {
                tail.whole |= whole;
                Err(error)
            }
        }
    }

    /// Takes the rows up that follow; returns the number of the last.
    async fn read_rows(
        &self,
        db: &impl ConnectionTrait,
        (shared, from): (bool, i64),
        now: Timestamp,
    ) -> Result<i64> {
        use sea_orm::sea_query::{Expr, ExprTrait};
        const BATCH: u64 = 10_000;
        let mut after = if shared { 0 } else { from };
        loop {
            let mut query = table::Entity::find().filter(table::Column::Id.gt(after));
            if shared && from > 0 {
                query = query.filter(Expr::col("written_by").gte(from));
            }
            let rows = query.order_by_asc(table::Column::Id).limit(BATCH).all(db).await?;
            let full = rows.len() as u64 == BATCH;
            after = rows.last().map_or(after, |row| row.id);
            let told = rows.iter().filter(|row| now < row.expires_at);
            let told: Vec<_> = told.map(|row| (row.id, now.since(row.created_at))).collect();
            self.take_up(rows);
            let mut acknowledgements =
                self.acknowledgements.lock().expect("no panic while the lock is held");
            for (id, delay) in told {
                acknowledgements.note(id, delay.whole_milliseconds() as i64);
            }
            if !full {
                return Ok(after);
            }
        }
    }

    /// Tells the other processes what this one has applied.
    ///
    /// # Errors
    /// The database failed; the next call tells it.
    pub async fn write_acknowledgements(&self, db: &impl ConnectionTrait) -> Result<()> {
        let told = {
            let mut acknowledgements =
                self.acknowledgements.lock().expect("no panic while the lock is held");
            std::mem::take(&mut acknowledgements.unwritten)
        };
        for batch in told.chunks(1000) {
            if let Err(error) = acknowledged::write(db, &self.instance, batch).await {
                let mut acknowledgements =
                    self.acknowledgements.lock().expect("no panic while the lock is held");
                acknowledgements.unwritten.extend_from_slice(batch);
                return Err(error);
            }
        }
        Ok(())
    }
}
