//! The revocation index: what is not good any more, in memory, so that every
//! request can be held against it. The table behind it is shared with other
//! processes and read again and again (`tail`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
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
use crate::error::Result;
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
pub struct Revoked(Vec<table::Model>);

impl Revoked {
    /// Both together.
    pub fn and(mut self, other: Revoked) -> Revoked {
        self.0.extend(other.0);
        self
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
    Ok(Revoked(vec![row.insert(db).await?]))
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

/// The index of one server process.
pub struct Index {
    /// For each token, session and account: the smallest version still good,
    /// and when the entry may be forgotten.
    minimums: RwLock<HashMap<Uuid, (i64, Timestamp)>>,
    global_epoch: AtomicI64,
    tail: Mutex<Tail>,
}

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
            tail: Mutex::new(Tail { settled: 0, highest: Vec::new(), heard_at: None }),
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
            minimums.get(&id).is_some_and(|(minimum, _)| version < *minimum)
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
        self.take_up(revoked.0);
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
            let entry = minimums.entry(row.subject).or_insert((row.min_version, row.expires_at));
            *entry = (entry.0.max(row.min_version), entry.1.max(row.expires_at));
        }
    }

    /// Reads what was added to the table since the last time, by whomever.
    ///
    /// # Errors
    /// The database failed; the next call reads what this one could not.
    pub async fn read_tail(&self, db: &impl ConnectionTrait) -> Result<()> {
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
            self.take_up(rows);
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

    /// Forgets what no token could concern any more.
    pub fn forget_expired(&self, now: Timestamp) {
        let mut minimums = self.minimums.write().expect("no panic while the lock is held");
        minimums.retain(|_, (_, expires_at)| now < *expires_at);
        minimums.shrink_to(1024);
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
    let gone = table::Entity::delete_many().filter(table::Column::Id.is_in(old)).exec(db).await?;
    Ok(gone.rows_affected)
}
