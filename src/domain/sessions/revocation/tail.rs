//! Reading what other processes added to the table, and telling them how soon
//! it was taken up.

use std::collections::BTreeSet;
use std::time::{Duration as RealDuration, Instant};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Index;
use super::table::global_epoch;
use crate::base::error::Result;
use crate::base::store::shared;
use crate::base::timestamp::Timestamp;
use crate::domain::sessions::revocation::acknowledged;
use crate::domain::sessions::tables::revocation as table;

/// How long the table may go unread before requests ask the database themselves.
const SILENCE: RealDuration = RealDuration::from_secs(5);

/// More revocations than this are not made between two readings of one tail.
const MOST_RECEIPTS: usize = 50_000;

/// Up to where the table was read.
pub(super) struct Tail {
    /// On SQLite the highest number that was read: rows appear in the order of
    /// their numbers. On PostgreSQL the oldest transaction that was under way
    /// at the last reading: what it and later ones write is still to be read.
    from: i64,
    /// The next reading begins with the first row.
    whole: bool,
    heard_at: Option<Instant>,
}

impl Default for Tail {
    fn default() -> Self {
        Self { from: 0, whole: true, heard_at: None }
    }
}

/// How long each revocation took to reach this process.
#[derive(Default)]
pub(super) struct Acknowledgements {
    /// Numbers taken up lately: the tail reads them again.
    known: BTreeSet<i64>,
    unwritten: Vec<(i64, i64)>,
}

impl Acknowledgements {
    pub(super) fn note(&mut self, revocation: i64, delay_millis: i64) {
        if self.known.insert(revocation) {
            let seconds = delay_millis.max(0) as f64 / 1000.0;
            metrics::histogram!("doorward_revocation_seconds").record(seconds);
            self.unwritten.push((revocation, delay_millis.max(0)));
        }
        if self.known.len() > MOST_RECEIPTS {
            self.known.pop_first();
        }
    }
}

impl Index {
    /// Whether the table was read recently enough to be relied upon.
    pub fn is_fresh(&self) -> bool {
        let tail = self.tail.lock().expect("no panic while the lock is held");
        tail.heard_at.is_some_and(|at| at.elapsed() < SILENCE)
    }

    /// The next reading begins with the first row again: after a silence in
    /// which another database may have taken the place of this one.
    pub fn reread(&self) {
        self.tail.lock().expect("no panic while the lock is held").whole = true;
    }

    /// Reads what was added to the table since the last time, by whomever.
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
            // Numbers begin anew where a copy was brought back to another server.
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

    /// Tells the other processes what this one has taken up.
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
