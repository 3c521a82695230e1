//! Up to which number no new event can appear any more.
//!
//! On PostgreSQL numbers are given out before the commit: an event may appear
//! after any number of later ones. Which transactions are over is known from
//! the snapshot of the database, not from how long they took: each has its own
//! number before its events have theirs (a trigger sees to that). So a round of
//! sealing marks the highest event that was sealed before it, together with its
//! own transaction; once no transaction from before that one is under way, and
//! what had become visible by then is sealed, everything up to the mark is settled.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QuerySelect};

use super::seals;
use crate::base::error::Result;
use crate::base::store::{Txn, numbers, shared};

const SETTLED: &str = "audit_settled";
const MARK: &str = "audit_mark";
const MARKED_BY: &str = "audit_marked_by";
const NAMES: [&str; 3] = [SETTLED, MARK, MARKED_BY];

/// Up to this number no new events can appear: one found there without a seal
/// was inserted.
pub(super) async fn settled(db: &impl ConnectionTrait) -> Result<i64> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return highest(db).await;
    }
    numbers::get(db, SETTLED).await
}

/// Whether everything sealed is settled.
pub(super) async fn is_settled(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(settled(db).await? >= highest(db).await?)
}

/// What was known when a round of sealing began, on PostgreSQL.
pub(super) struct Order {
    numbers: HashMap<String, i64>,
    highest: i64,
    own: i64,
    under_way: i64,
}

impl Order {
    /// Asked before the events of the round are read. `None` on SQLite.
    pub(super) async fn of(txn: &Txn) -> Result<Option<Self>> {
        let highest = highest(txn).await?;
        let Some(own) = shared::own_number(txn).await? else { return Ok(None) };
        let under_way = shared::oldest_under_way(txn).await?.unwrap_or(0);
        Ok(Some(Self { numbers: numbers::get_all(txn, &NAMES).await?, highest, own, under_way }))
    }

    /// Records what is settled now that all visible events up to `sealed` are sealed.
    pub(super) async fn settle(self, txn: &Txn, sealed: i64) -> Result<()> {
        let of = |name: &str| self.numbers.get(name).copied().unwrap_or(0);
        let (mark, marked_by) = (of(MARK), of(MARKED_BY));
        let mut rows = vec![];
        // A mark by a later transaction than this one is of another server,
        // from which a copy of the database was brought here.
        if (marked_by <= self.under_way && mark <= sealed) || marked_by > self.own {
            if marked_by <= self.own {
                rows.push((SETTLED, mark.max(of(SETTLED))));
            }
            rows.extend([(MARK, self.highest), (MARKED_BY, self.own)]);
        }
        if rows.is_empty() {
            return Ok(());
        }
        numbers::set_all(txn, &rows).await
    }
}

async fn highest(db: &impl ConnectionTrait) -> Result<i64> {
    let highest: Option<Option<i64>> = seals::Entity::find()
        .select_only()
        .column_as(seals::Column::EventId.max(), "highest")
        .into_tuple()
        .one(db)
        .await?;
    Ok(highest.flatten().unwrap_or(0))
}
