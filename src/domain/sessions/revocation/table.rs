//! The table of revocations, which all processes share.

use std::time::Instant;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use time::Duration;
use uuid::Uuid;

use super::Kind;
use crate::base::error::Result;
use crate::base::store::shared;
use crate::base::timestamp::Timestamp;
use crate::domain::sessions::revocation::acknowledged;
use crate::domain::sessions::tables::{revocation as table, service};
use crate::domain::sessions::tokens::access::Claims;

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

/// The epoch below which nobody's token is good, as the table has it.
///
/// # Errors
/// The database failed.
pub async fn global_epoch(db: &impl ConnectionTrait) -> Result<i64> {
    let row = service::Entity::find_by_id(GLOBAL_EPOCH.to_owned()).one(db).await?;
    Ok(row.map_or(0, |row| row.value))
}

/// Removes rows that nobody needs any more, at most `limit` of them, a day late:
/// the clock of whoever wrote them may have been wrong. Returns how many.
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
    pub acknowledgements: Option<(usize, i64)>,
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
    let acknowledgements = acknowledged::of(db, &ids).await?;
    let revocation = |row: table::Model| Revocation {
        acknowledgements: acknowledgements.get(&row.id).copied(),
        id: row.id,
        kind: row.kind,
        subject: row.subject,
        reason: row.reason,
        created_at: row.created_at,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().map(revocation).collect())
}
