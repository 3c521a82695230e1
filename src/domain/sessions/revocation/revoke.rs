//! Writing a revocation into the list that all processes share, and asking it.

use std::time::Instant;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QuerySelect,
};
use time::Duration;
use uuid::Uuid;

use super::acknowledged;
use super::table::{self, Kind};
use crate::base::error::Result;
use crate::base::store::{numbers, shared};
use crate::base::timestamp::Timestamp;
use crate::domain::sessions::tokens::access::Claims;

/// Refused outright: no version is good enough.
pub const OUTRIGHT: i64 = i64::MAX;

const GLOBAL_EPOCH: &str = "global_epoch";

/// How long after no token could be good any more a row is removed.
const LATE: Duration = Duration::DAY;

/// A revocation that is written but not yet in this process's index. Apply it
/// after the commit and before the answer.
#[must_use = "a revocation acts on the next request only once it is in the index"]
#[derive(Clone, Debug, Default)]
pub struct Revoked(pub(super) Vec<(table::Model, Instant)>);

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
        numbers::set(db, GLOBAL_EPOCH, min_version).await?;
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
    shared::wake_others(db).await?;
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

/// The epoch below which no token is valid, as the table has it.
///
/// # Errors
/// The database failed.
pub async fn global_epoch(db: &impl ConnectionTrait) -> Result<i64> {
    numbers::get(db, GLOBAL_EPOCH).await
}

/// Removes rows that nobody needs any more, at most `limit` of them, a day late:
/// the clock of the server that wrote them may have been wrong. Returns how many.
///
/// # Errors
/// The database failed.
pub async fn remove_expired(db: &impl ConnectionTrait, limit: u64, now: Timestamp) -> Result<u64> {
    let old: Vec<i64> = table::Entity::find()
        .select_only()
        .column(table::Column::Id)
        .filter(table::Column::ExpiresAt.lte(now - LATE))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    acknowledged::remove(db, &old).await?;
    let gone = table::Entity::delete_many().filter(table::Column::Id.is_in(old)).exec(db).await?;
    Ok(gone.rows_affected)
}
