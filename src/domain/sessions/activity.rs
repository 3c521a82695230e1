//! Which access tokens have been seen: proof that a browser holds them, and
//! when it was last active. Noted in memory with each request, written in
//! batches, because a write for each page would be slower than the page.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use time::Duration;

use super::refresh::rotation::{Moment, Rotation, Shown, are_distant};
use super::session::SessionId;
use super::table;
use super::tokens::access::Claims;
use crate::base::error::Result;
use crate::base::store::{Db, Txn};
use crate::base::timestamp::Timestamp;

/// "Last active" is this exact.
const RESOLUTION: Duration = Duration::seconds(30);
/// Sessions not seen for this long are dropped from memory.
const REMEMBERED: Duration = Duration::minutes(15);

/// The activity of one server process.
#[derive(Default)]
pub struct Activity {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    sessions: HashMap<SessionId, Sighting>,
    unwritten: Vec<SessionId>,
}

/// That a token of this session, generation and mark was shown.
#[derive(Clone, Copy, Debug)]
pub struct Showing {
    pub sid: SessionId,
    pub generation: i64,
    pub mark: Timestamp,
}

/// Below that of every token: it proves nothing about a line of tokens.
const NO_GENERATION: i64 = -1;

impl From<&Claims> for Showing {
    fn from(claims: &Claims) -> Self {
        Self { sid: claims.sid, generation: claims.generation, mark: claims.mark }
    }
}

#[derive(Clone, Copy)]
struct Sighting {
    /// The first one of the newest generation seen.
    first: Showing,
    shown_at: Timestamp,
    last_at: Timestamp,
    /// When a page of our own was asked for; other use opens no staff pages.
    own_page_at: Option<Timestamp>,
    /// What the database knows, or soon will.
    queued_generation: i64,
    queued_at: Timestamp,
}

impl Seen {
    fn noted(&mut self, showing: Showing, now: Timestamp) -> &mut Sighting {
        let Self { sessions, unwritten } = self;
        let sighting = sessions.entry(showing.sid).or_insert(Sighting {
            first: showing,
            shown_at: now,
            last_at: now,
            own_page_at: None,
            queued_generation: NO_GENERATION - 1,
            queued_at: now,
        });
        if sighting.first.generation < showing.generation {
            sighting.first = showing;
            sighting.shown_at = now;
        }
        sighting.last_at = sighting.last_at.max(now);
        let stale = sighting.last_at.since(sighting.queued_at) >= RESOLUTION;
        if sighting.queued_generation < sighting.first.generation || stale {
            sighting.queued_generation = sighting.first.generation;
            sighting.queued_at = sighting.last_at;
            unwritten.push(showing.sid);
        }
        sighting
    }
}

impl Activity {
    /// A request came with an access token. `false` when this process saw
    /// another one of the same generation before that no honest browser could
    /// have had together with this one.
    pub fn note(&self, showing: Showing, moment: Moment) -> bool {
        let mut seen = self.seen.lock().expect("no panic while the lock is held");
        let sighting = seen.noted(showing, moment.now);
        sighting.own_page_at = sighting.own_page_at.max(Some(moment.now));
        let same = sighting.first.generation == showing.generation;
        !(same && moment.certain && are_distant(sighting.first.mark, showing.mark))
    }

    /// The session was used elsewhere than on our own pages, without a token of its line.
    pub fn note_elsewhere(&self, sid: SessionId, now: Timestamp) {
        let showing = Showing { sid, generation: NO_GENERATION, mark: now };
        self.seen.lock().expect("no panic while the lock is held").noted(showing, now);
    }

    /// What the row says, with what this process saw and has not written yet.
    pub fn complete(&self, sid: SessionId, row: Rotation) -> Rotation {
        let seen = self.seen.lock().expect("no panic while the lock is held");
        let Some(sighting) = seen.sessions.get(&sid) else { return row };
        let same = sighting.first.generation == row.generation;
        let shown = same.then_some(Shown { mark: sighting.first.mark, at: sighting.shown_at });
        let seen_at = row.seen_at.max(sighting.last_at);
        Rotation { shown: row.shown.or(shown), seen_at, ..row }
    }

    /// When this process last let a request of that session in.
    pub fn last_accepted(&self, sid: SessionId) -> Option<Timestamp> {
        let seen = self.seen.lock().expect("no panic while the lock is held");
        seen.sessions.get(&sid).map(|sighting| sighting.last_at)
    }

    /// Writes what is new into the database. What fails to be written is kept
    /// for the next time. Returns tokens that another process saw a distant
    /// one of before.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write(&self, db: &Db, staff_idle: Duration) -> Result<Vec<Showing>> {
        let batch: Vec<Sighting> = {
            let mut seen = self.seen.lock().expect("no panic while the lock is held");
            let unwritten = std::mem::take(&mut seen.unwritten);
            unwritten.into_iter().filter_map(|sid| seen.sessions.get(&sid).copied()).collect()
        };
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let written = write_batch(db, &batch, staff_idle).await;
        let left = match &written {
            Ok((_, held)) => held.clone(),
            Err(_) => batch.iter().map(|sighting| sighting.first.sid).collect(),
        };
        if !left.is_empty() {
            self.seen.lock().expect("no panic while the lock is held").unwritten.extend(left);
        }
        Ok(written?.0)
    }

    /// Drops sessions that have not been seen for a while.
    pub fn forget_old(&self, now: Timestamp) {
        let mut seen = self.seen.lock().expect("no panic while the lock is held");
        let Seen { sessions, unwritten } = &mut *seen;
        let unwritten: HashSet<SessionId> = unwritten.iter().copied().collect();
        sessions.retain(|sid, sighting| {
            now.since(sighting.last_at) < REMEMBERED || unwritten.contains(sid)
        });
        sessions.shrink_to(1024);
    }
}

/// Returns the tokens that another process saw a distant one of, and the
/// sessions that somebody else holds.
async fn write_batch(
    db: &Db,
    batch: &[Sighting],
    staff_idle: Duration,
) -> Result<(Vec<Showing>, Vec<SessionId>)> {
    use sea_orm::sea_query::ExprTrait;
    use table::Column;
    let txn = db.begin().await?;
    let held = if db.is_shared() { held_by_others(&txn, batch).await? } else { HashSet::new() };
    let batch: Vec<Sighting> =
        batch.iter().copied().filter(|sighting| !held.contains(&sighting.first.sid)).collect();
    for Sighting { first, shown_at, last_at, own_page_at, .. } in &batch {
        // Only the first showing counts, and only of the row's own generation.
        let first_showing =
            || Expr::col(Column::Generation).eq(first.generation).and(Column::ShownMark.is_null());
        let shown = |column: Column, value: Timestamp| {
            Expr::case(first_showing(), value.0).finally(Expr::col(column))
        };
        let later = |column: Column, value: Expr| {
            Expr::case(Expr::col(Column::LastSeenAt).lt(last_at.0), value)
                .finally(Expr::col(column))
        };
        let idle_at = Expr::col(Column::IdleMillis).add(last_at.0);
        // What is closed opens by the password alone.
        let own_page_at = own_page_at.unwrap_or(Timestamp(0));
        let in_time = Expr::col(Column::StaffIdleAt)
            .gt(own_page_at.0)
            .and(Expr::col(Column::StaffIdleAt).lt((own_page_at + staff_idle).0));
        let staff_idle_at = Expr::case(in_time, (own_page_at + staff_idle).0)
            .finally(Expr::col(Column::StaffIdleAt));
        table::Entity::update_many()
            .col_expr(Column::ShownMark, shown(Column::ShownMark, first.mark).into())
            .col_expr(Column::ShownAt, shown(Column::ShownAt, *shown_at).into())
            .col_expr(Column::IdleAt, later(Column::IdleAt, idle_at).into())
            .col_expr(Column::StaffIdleAt, later(Column::StaffIdleAt, staff_idle_at.into()).into())
            .col_expr(Column::LastSeenAt, later(Column::LastSeenAt, Expr::value(*last_at)).into())
            .filter(Column::Sid.eq(first.sid))
            .filter(Column::EndedAt.is_null())
            .exec(&txn)
            .await?;
    }
    let mut shown = HashMap::new();
    for some in batch.chunks(1000) {
        let rows: Vec<(SessionId, i64, Option<Timestamp>)> = table::Entity::find()
            .select_only()
            .columns([Column::Sid, Column::Generation, Column::ShownMark])
            .filter(Column::Sid.is_in(some.iter().map(|sighting| sighting.first.sid)))
            .filter(Column::EndedAt.is_null())
            .into_tuple()
            .all(&txn)
            .await?;
        shown.extend(rows.into_iter().map(|(sid, generation, mark)| ((sid, generation), mark)));
    }
    txn.commit().await?;
    let is_second = |showing: &Showing| {
        let mark = shown.get(&(showing.sid, showing.generation)).copied().flatten();
        mark.is_some_and(|mark| are_distant(mark, showing.mark))
    };
    let second = batch.iter().map(|sighting| sighting.first).filter(is_second).collect();
    Ok((second, held.into_iter().collect()))
}

/// The sessions that somebody else is changing; the rest of them are held from
/// now on. A task that ends many at once locks them in another order: to
/// wait for one while holding another could be to wait in a circle.
async fn held_by_others(txn: &Txn, batch: &[Sighting]) -> Result<HashSet<SessionId>> {
    use table::Column;
    let mut held = HashSet::new();
    for some in batch.chunks(1000) {
        let these = || {
            let sids = some.iter().map(|sighting| sighting.first.sid);
            table::Entity::find().select_only().column(Column::Sid).filter(Column::Sid.is_in(sids))
        };
        let free = these().lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
        let free: Vec<SessionId> = free.into_tuple().all(txn).await?;
        let free: HashSet<SessionId> = free.into_iter().collect();
        let live = these().filter(Column::EndedAt.is_null());
        let live: Vec<SessionId> = live.into_tuple().all(txn).await?;
        held.extend(live.into_iter().filter(|sid| !free.contains(sid)));
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOON: Timestamp = Timestamp(1_780_000_000_000);

    #[test]
    fn only_a_distant_token_of_the_same_generation_is_noticed_and_only_by_a_certain_clock() {
        let showing = |generation, seconds| Showing {
            sid: SessionId(Uuid::nil()),
            generation,
            mark: NOON + Duration::seconds(seconds),
        };
        let at = |certain| Moment { now: NOON, certain };
        for (generation, seconds, certain, passes) in [
            (1, 0, true, true),
            (1, 5, true, true),
            (1, 3600, true, false),
            (1, 3600, false, true),
            // An older one is on its way; the rotation judges a refresh token of it.
            (0, 3600, true, true),
            (0, 3600, false, true),
        ] {
            let activity = Activity::default();
            assert!(activity.note(showing(1, 0), at(true)));
            let noted = activity.note(showing(generation, seconds), at(certain));
            assert_eq!(noted, passes, "{generation} {seconds} {certain}");
        }
    }
}
