//! The revocations that count now, for the dashboard.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::acknowledged;
use super::table::{self, Kind};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

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
