//! The revocation index: what is not good any more, in memory, so that every
//! request can be held against it. The table behind it is shared with other
//! processes and read again and again (`tail`).

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration as RealDuration, Instant};

use sea_orm::entity::prelude::StringLen;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DeriveActiveEnum,
    EntityTrait, EnumIter, QueryFilter, QueryOrder, QuerySelect,
};
use time::Duration;
use uuid::Uuid;

use super::access_token::Claims;
use super::entity::{revocation as table, service};
use super::receipts;
use crate::db;
use crate::error::Result;
use crate::secrets;
use crate::timestamp::Timestamp;

/// Refused outright: no version is good enough.
pub const OUTRIGHT: i64 = i64::MAX;

/// How long the table may go unread before requests ask the database themselves.
const SILENCE: RealDuration = RealDuration::from_secs(5);

/// Rows become visible in the order of their commits, not of their numbers;
/// numbers of the last seconds are therefore read again.
const SETTLED_AFTER: RealDuration = RealDuration::from_secs(15);

const GLOBAL_EPOCH: &str = "global_epoch";

/// What a revocation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Kind {
    /// One access token, by its `jti`.
    Token,
    /// One session, by its `sid`: all generations below `min_version`.
    Session,
    /// One account, by its `sub`: all epochs below `min_version`.
    Account,
    /// Everyone: all epochs below `min_version`.
    Global,
}

/// A revocation that is written but not yet in this process's index. Apply it
/// after the commit and before the answer.
#[must_use = "a revocation acts on the next request only once it is in the index"]
#[derive(Clone, Debug, Default)]
pub struct Revoked(Vec<(table::Model, Instant)>);

impl Revoked {
    /// Both together.
    pub fn and(mut self, other: Revoked) -> Revoked {
        self.0.extend(other.0);
        self
    }

    /// Whether it is about all accounts.
    pub fn concerns_everyone(&self) -> bool {
        self.0.iter().any(|(row, _)| row.kind == Kind::Global)
    }
}

/// Writes a revocation within the caller's transaction. `life` is how long the
/// tokens it concerns could still be good.
///
/// # Errors
/// The database failed.
pub async fn revoke(
    db: &impl ConnectionTrait,
    kind: Kind,
    subject: Uuid,
    min_version: i64,
    reason: &str,
    (life, now): (Duration, Timestamp),
) -> Result<Revoked> {
    if kind == Kind::Global {
        let row =
            service::ActiveModel { name: Set(GLOBAL_EPOCH.to_owned()), value: Set(min_version) };
        let replace = sea_orm::sea_query::OnConflict::column(service::Column::Name)
            .update_column(service::Column::Value)
            .to_owned();
        service::Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    }
    let row = table::ActiveModel {
        kind: Set(kind),
        subject: Set(subject),
        min_version: Set(min_version),
        reason: Set(reason.to_owned()),
        created_at: Set(now),
        expires_at: Set(now + life),
        ..Default::default()
    };
    let began = Instant::now();
    let row = row.insert(db).await?;
    db::wake_others(db).await?;
    Ok(Revoked(vec![(row, began)]))
}

/// Whether one token, session or account is revoked, asked of the table itself.
///
/// # Errors
/// The database failed.
pub async fn stands_in_table(db: &impl ConnectionTrait, claims: &Claims) -> Result<bool> {
    let rows = table::Entity::find()
        .filter(table::Column::Subject.is_in([claims.jti, claims.sid.0, claims.sub.0, Uuid::nil()]))
        .all(db)
        .await?;
    let hits = |row: &table::Model| match row.kind {
        Kind::Token => row.subject == claims.jti,
        Kind::Session => row.subject == claims.sid.0 && claims.generation < row.min_version,
        Kind::Account => row.subject == claims.sub.0 && claims.epoch < row.min_version,
        Kind::Global => claims.epoch < row.min_version,
    };
    Ok(rows.iter().any(hits))
}

struct Minimum {
    version: i64,
    expires_at: Timestamp,
    /// How often something was refused for it.
    refused: AtomicU32,
}

/// The index of one server process.
pub struct Index {
    /// For each token, session and account: the smallest version still good,
    /// and when the entry may be forgotten.
    minimums: RwLock<HashMap<Uuid, Minimum>>,
    global_epoch: AtomicI64,
    /// Tells this process from the others; another one after each start.
    instance: String,
    tail: Mutex<Tail>,
    receipts: Mutex<Receipts>,
}

/// How long each revocation took to reach this process.
#[derive(Default)]
struct Receipts {
    /// Numbers taken up lately: the tail reads them again.
    known: BTreeSet<i64>,
    unwritten: Vec<(i64, i64)>,
}

impl Receipts {
    fn note(&mut self, revocation: i64, delay_millis: i64) {
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

/// More revocations than this are not made between two readings of one tail.
const MOST_RECEIPTS: usize = 50_000;

struct Tail {
    /// All rows up to this number have been read for good.
    settled: i64,
    /// The highest number seen, and when it was first seen.
    highest: Vec<(Instant, i64)>,
    heard_at: Option<Instant>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            minimums: RwLock::default(),
            global_epoch: AtomicI64::new(0),
            instance: secrets::encode_id(secrets::random_id()),
            tail: Mutex::new(Tail { settled: 0, highest: Vec::new(), heard_at: None }),
            receipts: Mutex::default(),
        }
    }
}

impl Index {
    /// Whether nothing in the index speaks against these claims.
    pub fn permits(&self, claims: &Claims) -> bool {
        if claims.epoch < self.global_epoch() {
            return false;
        }
        let minimums = self.minimums.read().expect("no panic while the lock is held");
        let below = |id: Uuid, version: i64| {
            let hit = minimums.get(&id).filter(|minimum| version < minimum.version);
            hit.map(|minimum| minimum.refused.fetch_add(1, Ordering::Relaxed)).is_some()
        };
        !(below(claims.jti, 0)
            || below(claims.sid.0, claims.generation)
            || below(claims.sub.0, claims.epoch))
    }

    /// The epoch below which nobody's token is good.
    pub fn global_epoch(&self) -> i64 {
        self.global_epoch.load(Ordering::Acquire)
    }

    /// Whether the table was read recently enough to be relied upon.
    pub fn is_fresh(&self) -> bool {
        let tail = self.tail.lock().expect("no panic while the lock is held");
        tail.heard_at.is_some_and(|at| at.elapsed() < SILENCE)
    }

    /// Takes up what this process itself has just committed.
    pub fn apply(&self, revoked: Revoked) {
        let (rows, began): (Vec<_>, Vec<_>) = revoked.0.into_iter().unzip();
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        self.take_up(rows);
        let mut receipts = self.receipts.lock().expect("no panic while the lock is held");
        for (id, began) in ids.into_iter().zip(began) {
            receipts.note(id, began.elapsed().as_millis() as i64);
        }
    }

    fn take_up(&self, rows: Vec<table::Model>) {
        if rows.is_empty() {
            return;
        }
        let mut minimums = self.minimums.write().expect("no panic while the lock is held");
        for row in rows {
            if row.kind == Kind::Global {
                self.global_epoch.fetch_max(row.min_version, Ordering::AcqRel);
                continue;
            }
            let (version, expires_at) = (row.min_version, row.expires_at);
            let new = Minimum { version, expires_at, refused: AtomicU32::new(0) };
            let entry = minimums.entry(row.subject).or_insert(new);
            entry.version = entry.version.max(version);
            entry.expires_at = entry.expires_at.max(expires_at);
        }
    }

    /// The next reading begins with the first row again: after a silence in
    /// which numbers may have been given out that were never seen.
    pub fn reread(&self) {
        self.tail.lock().expect("no panic while the lock is held").settled = 0;
    }

    /// Reads what was added to the table since the last time, by whomever.
    ///
    /// # Errors
    /// The database failed; the next call reads what this one could not.
    pub async fn read_tail(&self, db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
        const BATCH: u64 = 10_000;
        let began = Instant::now();
        if let Some(row) = service::Entity::find_by_id(GLOBAL_EPOCH.to_owned()).one(db).await? {
            self.global_epoch.fetch_max(row.value, Ordering::AcqRel);
        }
        let mut after = self.tail.lock().expect("no panic while the lock is held").settled;
        loop {
            let rows = table::Entity::find()
                .filter(table::Column::Id.gt(after))
                .order_by_asc(table::Column::Id)
                .limit(BATCH)
                .all(db)
                .await?;
            let full = rows.len() as u64 == BATCH;
            after = rows.last().map_or(after, |row| row.id);
            let told: Vec<_> = rows.iter().map(|row| (row.id, now.since(row.created_at))).collect();
            self.take_up(rows);
            let mut receipts = self.receipts.lock().expect("no panic while the lock is held");
            for (id, delay) in told {
                receipts.note(id, delay.whole_milliseconds() as i64);
            }
            if !full {
                break;
            }
        }
        let mut tail = self.tail.lock().expect("no panic while the lock is held");
        tail.highest.push((began, after));
        while let [(seen_at, id), ..] = tail.highest[..] {
            if began.duration_since(seen_at) < SETTLED_AFTER {
                break;
            }
            tail.settled = tail.settled.max(id);
            tail.highest.remove(0);
        }
        tail.heard_at = Some(began);
        Ok(())
    }

    /// Tells the other processes what this one has taken up.
    ///
    /// # Errors
    /// The database failed; the next call tells it.
    pub async fn write_receipts(&self, db: &impl ConnectionTrait) -> Result<()> {
        let told = {
            let mut receipts = self.receipts.lock().expect("no panic while the lock is held");
            std::mem::take(&mut receipts.unwritten)
        };
        for batch in told.chunks(1000) {
            if let Err(error) = receipts::write(db, &self.instance, batch).await {
                let mut receipts = self.receipts.lock().expect("no panic while the lock is held");
                receipts.unwritten.extend_from_slice(batch);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Forgets what no token could concern any more.
    pub fn forget_expired(&self, now: Timestamp) {
        let mut minimums = self.minimums.write().expect("no panic while the lock is held");
        minimums.retain(|_, minimum| now < minimum.expires_at);
        minimums.shrink_to(1024);
    }

    /// How often this process refused something because `subject` is revoked.
    pub fn refusals(&self, subject: Uuid) -> u32 {
        let minimums = self.minimums.read().expect("no panic while the lock is held");
        minimums.get(&subject).map_or(0, |minimum| minimum.refused.load(Ordering::Relaxed))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.minimums.read().expect("no panic while the lock is held").len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Removes rows that nobody needs any more, at most `limit` of them. Returns how many.
///
/// # Errors
/// The database failed.
pub async fn remove_expired(db: &impl ConnectionTrait, limit: u64, now: Timestamp) -> Result<u64> {
    let old: Vec<i64> = table::Entity::find()
        .select_only()
        .column(table::Column::Id)
        .filter(table::Column::ExpiresAt.lte(now))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    receipts::remove(db, &old).await?;
    let gone = table::Entity::delete_many().filter(table::Column::Id.is_in(old)).exec(db).await?;
    Ok(gone.rows_affected)
}

/// A revocation as the dashboard shows it.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub kind: Kind,
    /// Which token, session or account.
    pub subject: Uuid,
    /// Why.
    pub reason: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when a token it concerns could be good.
    pub expires_at: Timestamp,
    /// How many servers have taken it up, and how many milliseconds the slowest needed.
    pub receipts: Option<(usize, i64)>,
}

/// What is revoked now, the newest first, from before the number `before`.
///
/// # Errors
/// The database failed.
pub async fn list(
    db: &impl ConnectionTrait,
    before: i64,
    limit: u64,
    now: Timestamp,
) -> Result<Vec<Revocation>> {
    let rows = table::Entity::find()
        .filter(table::Column::Id.lt(before))
        .filter(table::Column::ExpiresAt.gt(now))
        .order_by_desc(table::Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let receipts = receipts::of(db, &ids).await?;
    let revocation = |row: table::Model| Revocation {
        receipts: receipts.get(&row.id).copied(),
        id: row.id,
        kind: row.kind,
        subject: row.subject,
        reason: row.reason,
        created_at: row.created_at,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().map(revocation).collect())
}
