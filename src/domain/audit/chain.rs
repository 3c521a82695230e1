//! The chain over the audit log. Each event gets a seal: a position, and a
//! hash over the event and the seal before. Anyone who changes, removes or
//! inserts an event breaks the chain there.
//!
//! Events are written without their seal, so that writers never queue behind
//! one another; within a second one sealer seals what is new.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use sha2::{Digest, Sha256};

use super::order;
use super::seals;
use super::table::{self, Model};
use crate::base::error::Result;
use crate::base::secrets;
use crate::base::store::{Db, numbers, shared};
use crate::base::timestamp::Timestamp;
use crate::domain::statistics::{self, Counts};

/// The position up to which the log was pruned.
const PRUNED: &str = "audit_pruned";
const BATCH: u64 = 1000;

/// Seals what is new and counts it into the figures. Returns how many events.
///
/// # Errors
/// The database failed; what is not sealed now is sealed the next time.
pub async fn seal(db: &Db, now: Timestamp) -> Result<u64> {
    let mut sealed = 0;
    loop {
        let batch = seal_batch(db, now).await?;
        sealed += batch;
        if batch < BATCH {
            return Ok(sealed);
        }
    }
}

async fn seal_batch(db: &Db, now: Timestamp) -> Result<u64> {
    if unsealed(db.read()).await?.is_empty() && order::is_settled(db.read()).await? {
        return Ok(0);
    }
    let txn = db.begin().await?;
    // Somebody else is at it; who stands still there must not stop the others.
    if !shared::may_seal(&txn).await? {
        return Ok(0);
    }
    let order = order::Order::of(&txn).await?;
    let events = unsealed(&txn).await?;
    let newest = seals::Entity::find().order_by_desc(seals::Column::Position).one(&txn).await?;
    let (mut position, mut hash) = newest.map_or((0, vec![]), |seal| (seal.position, seal.hash));
    let mut rows = Vec::with_capacity(events.len());
    let mut counts = Counts::new();
    for event in &events {
        position += 1;
        hash = hash_of(&hash, event);
        rows.push(seals::ActiveModel {
            position: Set(position),
            event_id: Set(event.id),
            hash: Set(hash.clone()),
            sealed_at: Set(now),
        });
        *counts.entry((event.at.hour(), event.event.clone())).or_default() += 1;
    }
    if !rows.is_empty() {
        seals::Entity::insert_many(rows).exec_without_returning(&txn).await?;
        statistics::add(&txn, &counts).await?;
    }
    if let Some(order) = order {
        let full = events.len() as u64 == BATCH;
        let last = events.last().filter(|_| full).map_or(i64::MAX, |event| event.id);
        order.settle(&txn, last).await?;
    }
    txn.commit().await?;
    Ok(events.len() as u64)
}

/// The next events without a seal, in order.
async fn unsealed(db: &impl ConnectionTrait) -> Result<Vec<Model>> {
    let after = order::settled(db).await?;
    let sealed = seals_of_events(seals::Column::EventId.gt(after));
    let events = table::Entity::find()
        .filter(table::Column::Id.gt(after))
        .filter(table::Column::Id.not_in_subquery(sealed))
        .order_by_asc(table::Column::Id)
        .limit(BATCH);
    Ok(events.all(db).await?)
}

fn seals_of_events(which: Expr) -> sea_orm::sea_query::SelectStatement {
    Query::select().column(seals::Column::EventId).from(seals::Entity).and_where(which).to_owned()
}

/// SHA-256 over the hash before and every column, each preceded by its length.
fn hash_of(before: &[u8], event: &Model) -> Vec<u8> {
    let id = |id: &Option<uuid::Uuid>| id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let (number, at) = (event.id.to_be_bytes(), event.at.0.to_be_bytes());
    let (actor, target) = (id(&event.actor), id(&event.target));
    let parts: [&[u8]; 11] = [
        before,
        &number,
        &at,
        event.event.as_bytes(),
        &actor,
        &target,
        event.session.as_bytes(),
        event.address.as_bytes(),
        event.user_agent.as_bytes(),
        event.detail.as_bytes(),
        event.reason.as_bytes(),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// Where the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// The event of that number is not as it was sealed.
    Changed(i64),
    /// The event of that number is gone.
    Missing(i64),
    /// The event of that number was inserted later.
    Inserted(i64),
    /// The seal at that position is gone.
    SealMissing(i64),
}

/// What came of looking at the whole chain.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// How many events are as they were sealed.
    pub whole: u64,
    /// The position of the newest seal.
    pub position: i64,
    /// Its hash. Kept elsewhere, it also shows whether the end was cut off.
    pub head: String,
    /// Where the chain is broken, in order.
    pub breaks: Vec<Break>,
}

/// How many breaks are named at most.
const MOST_BREAKS: usize = 100;

/// Holds every event against its seal.
///
/// # Errors
/// The database failed.
pub async fn verify(db: &impl ConnectionTrait) -> Result<Verified> {
    let mut verified = Verified::default();
    let pruned = pruned(db).await?;
    verified.position = pruned;
    let mut hash = match seals::Entity::find_by_id(pruned).one(db).await? {
        Some(seal) => seal.hash,
        None if pruned == 0 => vec![],
        None => {
            verified.breaks.push(Break::SealMissing(pruned));
            vec![]
        }
    };
    loop {
        let seals = seals::Entity::find()
            .filter(seals::Column::Position.gt(verified.position))
            .order_by_asc(seals::Column::Position)
            .limit(BATCH)
            .all(db)
            .await?;
        if seals.is_empty() || verified.breaks.len() >= MOST_BREAKS {
            break;
        }
        let ids = seals.iter().map(|seal| seal.event_id);
        let events = table::Entity::find().filter(table::Column::Id.is_in(ids)).all(db).await?;
        let events: HashMap<i64, Model> = events.into_iter().map(|row| (row.id, row)).collect();
        for seal in seals {
            for gone in verified.position + 1..seal.position {
                verified.breaks.push(Break::SealMissing(gone));
            }
            let follows = seal.position == verified.position + 1;
            match events.get(&seal.event_id) {
                None => verified.breaks.push(Break::Missing(seal.event_id)),
                Some(event) if follows && hash_of(&hash, event) != seal.hash => {
                    verified.breaks.push(Break::Changed(seal.event_id));
                }
                Some(_) => verified.whole += 1,
            }
            verified.position = seal.position;
            hash = seal.hash;
        }
    }
    let inserted: Vec<i64> = table::Entity::find()
        .select_only()
        .column(table::Column::Id)
        .filter(table::Column::Id.lte(order::settled(db).await?))
        .filter(table::Column::Id.not_in_subquery(seals_of_events(Expr::value(true))))
        .limit(MOST_BREAKS as u64)
        .into_tuple()
        .all(db)
        .await?;
    verified.breaks.extend(inserted.into_iter().map(Break::Inserted));
    verified.head = secrets::encode(&hash);
    Ok(verified)
}

/// The seal at a position, written as [`Verified::head`]; `None` where none is.
///
/// # Errors
/// The database failed.
pub async fn seal_at(db: &impl ConnectionTrait, position: i64) -> Result<Option<String>> {
    let seal = seals::Entity::find_by_id(position).one(db).await?;
    Ok(seal.map(|seal| secrets::encode(&seal.hash)))
}

pub(super) async fn pruned(db: &impl ConnectionTrait) -> Result<i64> {
    numbers::get(db, PRUNED).await
}

/// Removes sealed events from before `limit`, the oldest first and a batch at
/// a time. The last seal that is given up stays, and the rest hangs on it.
/// Returns how many events were removed.
///
/// # Errors
/// The database failed; then none was removed.
pub async fn prune(db: &Db, limit: Timestamp) -> Result<u64> {
    let txn = db.begin().await?;
    let from = pruned(&txn).await?;
    let seals = seals::Entity::find()
        .filter(seals::Column::Position.gt(from))
        .filter(seals::Column::SealedAt.lt(limit))
        .order_by_asc(seals::Column::Position)
        .limit(BATCH)
        .all(&txn)
        .await?;
    let Some(last) = seals.last().filter(|last| last.sealed_at < limit) else { return Ok(0) };
    numbers::set(&txn, PRUNED, last.position).await?;
    let ids: Vec<i64> = seals.iter().map(|seal| seal.event_id).collect();
    let gone = table::Entity::delete_many().filter(table::Column::Id.is_in(ids)).exec(&txn).await?;
    seals::Entity::delete_many()
        .filter(seals::Column::Position.gte(from))
        .filter(seals::Column::Position.lt(last.position))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(gone.rows_affected)
}
