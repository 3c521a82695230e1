//! Figures by the hour and by the day, counted as things happen, so that an
//! overview never has to count a million rows.

mod table;

use std::collections::BTreeMap;
use std::sync::Mutex;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

pub use self::table::tables;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// How many sessions were live at most.
pub const LIVE_SESSIONS: &str = "sessions.live";
/// Refresh tokens traded for the next.
pub const REFRESHES: &str = "refresh.ok";
/// Attempts turned away because there were too many.
pub const THROTTLED: &str = "auth.login.throttled";

/// The steps of time for which there are figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Hours, of the last 40 days.
    Hour,
    /// Days of UTC, of the last five years.
    Day,
}

impl Step {
    /// In hours.
    pub fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }

    /// The step in which a moment lies, counted since 1970.
    pub fn place(self, at: Timestamp) -> i64 {
        at.hour().div_euclid(self.hours())
    }

    fn kept(self) -> i64 {
        match self {
            Self::Hour => 40 * 24,
            Self::Day => 5 * 365,
        }
    }
}

const STEPS: [Step; 2] = [Step::Hour, Step::Day];

/// How much of what happened in which hour.
pub type Counts = BTreeMap<(i64, String), i64>;

/// What one process counted and has not written yet.
#[derive(Default)]
pub struct Counters(Mutex<Counts>);

impl Counters {
    /// One more of `name`.
    pub fn count(&self, name: &str, now: Timestamp) {
        metrics::counter!("doorward_events_total", "event" => name.to_owned()).increment(1);
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
    write(db, counts, Expr::cust("figures.value + excluded.value")).await
}

/// Notes a figure that is a level and not a sum: the highest counts.
///
/// # Errors
/// The database failed.
pub async fn set(db: &impl ConnectionTrait, name: &str, level: i64, now: Timestamp) -> Result<()> {
    let counts = Counts::from([((now.hour(), name.to_owned()), level)]);
    let higher =
        "CASE WHEN excluded.value > figures.value THEN excluded.value ELSE figures.value END";
    write(db, &counts, Expr::cust(higher)).await
}

async fn write(db: &impl ConnectionTrait, counts: &Counts, merged: Expr) -> Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut figures: BTreeMap<(i64, i64, &str), i64> = BTreeMap::new();
    for ((hour, name), value) in counts {
        for step in STEPS.map(Step::hours) {
            *figures.entry((step, hour.div_euclid(step), name)).or_default() += value;
        }
    }
    let rows = figures.into_iter().map(|((step, place, name), value)| table::ActiveModel {
        step: Set(step),
        place: Set(place),
        name: Set(name.to_owned()),
        value: Set(value),
    });
    let key = [table::Column::Step, table::Column::Place, table::Column::Name];
    let merge = OnConflict::columns(key).value(table::Column::Value, merged).to_owned();
    table::Entity::insert_many(rows).on_conflict(merge).exec_without_returning(db).await?;
    Ok(())
}

/// The figures of the steps from `first` on, by name and step.
///
/// # Errors
/// The database failed.
pub async fn since(
    db: &impl ConnectionTrait,
    step: Step,
    first: i64,
) -> Result<BTreeMap<String, BTreeMap<i64, i64>>> {
    let rows = table::Entity::find()
        .filter(table::Column::Step.eq(step.hours()))
        .filter(table::Column::Place.gte(first))
        .all(db)
        .await?;
    let mut figures: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
    for row in rows {
        figures.entry(row.name).or_default().insert(row.place, row.value);
    }
    Ok(figures)
}

/// Forgets figures that are older than anybody asks for.
///
/// # Errors
/// The database failed.
pub async fn forget_old(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    for step in STEPS {
        table::Entity::delete_many()
            .filter(table::Column::Step.eq(step.hours()))
            .filter(table::Column::Place.lt(step.place(now) - step.kept()))
            .exec(db)
            .await?;
    }
    Ok(())
}
