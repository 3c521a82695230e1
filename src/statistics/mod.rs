//! Figures by the hour, counted as things happen, so that an overview never
//! has to count a million rows.

mod entity;

use std::collections::BTreeMap;
use std::sync::Mutex;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};

use crate::error::Result;
use crate::timestamp::Timestamp;

/// How many sessions were live, at the last count of the hour.
pub const LIVE_SESSIONS: &str = "sessions.live";
/// Refresh tokens traded for the next.
pub const REFRESHES: &str = "refresh.ok";
/// Attempts turned away because there were too many.
pub const THROTTLED: &str = "auth.login.throttled";

/// Figures are kept this long: 400 days, in hours.
const KEPT_HOURS: i64 = 400 * 24;

/// How much of what happened in which hour.
pub type Counts = BTreeMap<(i64, String), i64>;

/// What one process counted and has not written yet.
#[derive(Default)]
pub struct Counters(Mutex<Counts>);

impl Counters {
    /// One more of `name`.
    pub fn count(&self, name: &str, now: Timestamp) {
        let mut counts = self.0.lock().expect("no panic while the lock is held");
        *counts.entry((now.hour(), name.to_owned())).or_default() += 1;
    }

    /// Writes what was counted. What cannot be written is kept for the next time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write(&self, db: &impl ConnectionTrait) -> Result<()> {
        let counts = std::mem::take(&mut *self.0.lock().expect("no panic while the lock is held"));
        let written = add(db, &counts).await;
        if written.is_err() {
            let mut kept = self.0.lock().expect("no panic while the lock is held");
            for (key, count) in counts {
                *kept.entry(key).or_default() += count;
            }
        }
        written
    }
}

/// Adds to the figures.
///
/// # Errors
/// The database failed.
pub async fn add(db: &impl ConnectionTrait, counts: &Counts) -> Result<()> {
    write(db, counts, Expr::cust("hourly_figures.value + excluded.value")).await
}

/// Sets a figure that is a level and not a sum.
///
/// # Errors
/// The database failed.
pub async fn set(db: &impl ConnectionTrait, name: &str, level: i64, now: Timestamp) -> Result<()> {
    let counts = Counts::from([((now.hour(), name.to_owned()), level)]);
    write(db, &counts, Expr::cust("excluded.value")).await
}

async fn write(db: &impl ConnectionTrait, counts: &Counts, merged: Expr) -> Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let rows = counts.iter().map(|((hour, name), value)| entity::ActiveModel {
        hour: Set(*hour),
        name: Set(name.clone()),
        value: Set(*value),
    });
    let merge = OnConflict::columns([entity::Column::Hour, entity::Column::Name])
        .value(entity::Column::Value, merged)
        .to_owned();
    entity::Entity::insert_many(rows).on_conflict(merge).exec_without_returning(db).await?;
    Ok(())
}

/// The figures of the hours from `first` on, by name and by steps of so many
/// hours: the sum of each step, or its highest for a level.
///
/// # Errors
/// The database failed.
pub async fn since(
    db: &impl ConnectionTrait,
    first: i64,
    step: i64,
) -> Result<BTreeMap<String, BTreeMap<i64, i64>>> {
    let place = || Expr::col(entity::Column::Hour).div(step);
    let rows: Vec<(i64, String, i64, i64)> = entity::Entity::find()
        .select_only()
        .column_as(place(), "place")
        .column(entity::Column::Name)
        .column_as(Expr::col(entity::Column::Value).sum().cast_as("bigint"), "total")
        .column_as(entity::Column::Value.max(), "highest")
        .filter(entity::Column::Hour.gte(first))
        .group_by(place())
        .group_by(entity::Column::Name)
        .into_tuple()
        .all(db)
        .await?;
    let mut figures: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
    for (place, name, total, highest) in rows {
        let figure = if name == LIVE_SESSIONS { highest } else { total };
        figures.entry(name).or_default().insert(place, figure);
    }
    Ok(figures)
}

/// Forgets figures that are older than anybody asks for.
///
/// # Errors
/// The database failed.
pub async fn forget_old(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    let old = entity::Column::Hour.lt(now.hour() - KEPT_HOURS);
    entity::Entity::delete_many().filter(old).exec(db).await?;
    Ok(())
}
