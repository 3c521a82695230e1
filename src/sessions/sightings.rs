//! Which access tokens have been seen: proof that a browser holds them, and
//! when it was last active. Noted in memory with each request, written in
//! batches, because a write for each page would be slower than the page.

use std::collections::HashMap;
use std::sync::Mutex;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::Duration;

use super::{SessionId, entity};
use crate::db::Db;
use crate::error::Result;
use crate::timestamp::Timestamp;

/// "Last active" is this exact.
const RESOLUTION: Duration = Duration::seconds(30);
/// Sessions not seen for this long are dropped from memory.
const REMEMBERED: Duration = Duration::minutes(15);

/// The sightings of one server process.
#[derive(Default)]
pub struct Sightings {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    sessions: HashMap<SessionId, Sighting>,
    unwritten: Vec<SessionId>,
}

#[derive(Clone, Copy)]
struct Sighting {
    generation: i64,
    at: Timestamp,
    /// What the database knows, or soon will.
    queued_generation: i64,
    queued_at: Timestamp,
}

impl Sightings {
    /// A request came with an access token of this generation.
    pub fn note(&self, sid: SessionId, generation: i64, now: Timestamp) {
        let mut seen = self.seen.lock().expect("no panic while the lock is held");
        let Seen { sessions, unwritten } = &mut *seen;
        let sighting = sessions.entry(sid).or_insert(Sighting {
            generation,
            at: now,
            queued_generation: -1,
            queued_at: now,
        });
        sighting.generation = sighting.generation.max(generation);
        sighting.at = sighting.at.max(now);
        let stale = sighting.at.since(sighting.queued_at) >= RESOLUTION;
        if sighting.queued_generation < sighting.generation || stale {
            sighting.queued_generation = sighting.generation;
            sighting.queued_at = sighting.at;
            unwritten.push(sid);
        }
    }

    /// The newest generation seen of a session; less than 0 if none was.
    pub fn generation(&self, sid: SessionId) -> i64 {
        let seen = self.seen.lock().expect("no panic while the lock is held");
        seen.sessions.get(&sid).map_or(-1, |sighting| sighting.generation)
    }

    /// When this process last let a request of that session in.
    pub fn last_accepted(&self, sid: SessionId) -> Option<Timestamp> {
        let seen = self.seen.lock().expect("no panic while the lock is held");
        seen.sessions.get(&sid).map(|sighting| sighting.at)
    }

    /// Writes what is new into the database. What fails to be written is kept
    /// for the next time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write(&self, db: &Db) -> Result<()> {
        let batch: Vec<(SessionId, Sighting)> = {
            let mut seen = self.seen.lock().expect("no panic while the lock is held");
            let unwritten = std::mem::take(&mut seen.unwritten);
            unwritten.into_iter().filter_map(|sid| Some((sid, *seen.sessions.get(&sid)?))).collect()
        };
        if batch.is_empty() {
            return Ok(());
        }
        let written = write_batch(db, &batch).await;
        if written.is_err() {
            let mut seen = self.seen.lock().expect("no panic while the lock is held");
            seen.unwritten.extend(batch.iter().map(|(sid, _)| *sid));
        }
        written
    }

    /// Drops sessions that have not been seen for a while.
    pub fn forget_old(&self, now: Timestamp) {
        let mut seen = self.seen.lock().expect("no panic while the lock is held");
        let Seen { sessions, unwritten } = &mut *seen;
        if unwritten.is_empty() {
            sessions.retain(|_, sighting| now.since(sighting.at) < REMEMBERED);
            sessions.shrink_to(1024);
        }
    }
}

async fn write_batch(db: &Db, batch: &[(SessionId, Sighting)]) -> Result<()> {
    use entity::Column;
    use sea_orm::sea_query::ExprTrait;
    let txn = db.begin().await?;
    for (sid, sighting) in batch {
        let (generation, at) = (sighting.generation, sighting.at);
        // A row can be newer than what was seen, and after a restore also older.
        let confirmed = Expr::case(
            Expr::col(Column::ConfirmedGen)
                .lt(generation)
                .and(Expr::col(Column::Generation).gte(generation)),
            generation,
        )
        .finally(Expr::col(Column::ConfirmedGen));
        let later = |column: Column, value: Expr| {
            Expr::case(Expr::col(Column::LastSeenAt).lt(at), value).finally(Expr::col(column))
        };
        entity::Entity::update_many()
            .col_expr(Column::ConfirmedGen, confirmed.into())
            .col_expr(
                Column::IdleAt,
                later(Column::IdleAt, Expr::col(Column::IdleMillis).add(at.0)).into(),
            )
            .col_expr(Column::LastSeenAt, later(Column::LastSeenAt, Expr::value(at)).into())
            .filter(Column::Sid.eq(*sid))
            .filter(Column::EndedAt.is_null())
            .exec(&txn)
            .await?;
    }
    Ok(txn.commit().await?)
}
