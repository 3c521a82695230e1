//! One attempt under way, and what comes of it.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::bucket::Ends;
use super::in_flight::{Counted, Entered, Key};
use super::limits::Limits;
use super::table;
use crate::base::error::Result;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;

/// An attempt under way. Say what came of it; dropped, it is not counted.
#[must_use = "an attempt that failed must be counted"]
pub struct Attempt<'t> {
    pub(super) db: &'t Db,
    pub(super) limits: Limits,
    pub(super) entered: Entered<'t>,
    /// What is counted already, and forgotten when this one succeeds.
    pub(super) forgiven: Vec<Key>,
    /// Whose attempt it is, for those who lift what was counted.
    pub(super) whose: Option<Key>,
}

impl Attempt<'_> {
    pub(super) fn counted(&self) -> &[Counted] {
        self.entered.counted()
    }

    /// It failed, or was one of those that are counted: it counts. Returns until
    /// when the next attempt of the same kind with this account will be turned
    /// away, if it will be.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count(self, now: Timestamp) -> Result<Option<Timestamp>> {
        if self.counted().is_empty() {
            return Ok(None);
        }
        let txn = self.db.begin().await?;
        let mut written = vec![];
        for ends in [Ends::Fixed, Ends::LaterEachTime, Ends::FromTheLast] {
            let which = self.counted().iter().filter(|counted| counted.bucket.ends() == ends);
            let rows: Vec<_> = which.map(|counted| self.row(counted, now)).collect();
            if rows.is_empty() {
                continue;
            }
            let until = match ends {
                Ends::Fixed => "attempts.expires_at",
                Ends::LaterEachTime => {
                    "attempts.expires_at + excluded.expires_at - excluded.last_at"
                }
                Ends::FromTheLast => "excluded.expires_at",
            };
            let over = format!("attempts.expires_at <= {}", now.0);
            let or_anew = |kept: &str, anew: &str| {
                Expr::cust(format!("CASE WHEN {over} THEN {anew} ELSE {kept} END"))
            };
            let merge = OnConflict::column(table::Column::Key)
                .value(table::Column::Count, or_anew("attempts.count + 1", "1"))
                .value(table::Column::ExpiresAt, or_anew(until, "excluded.expires_at"))
                .update_column(table::Column::LastAt)
                .to_owned();
            let rows = table::Entity::insert_many(rows).on_conflict(merge);
            written.extend(rows.exec_with_returning(&txn).await?);
        }
        txn.commit().await?;
        Ok(written.iter().filter_map(|row| self.blocked_until(row)).filter(|end| now < *end).max())
    }

    /// Until when a full count of this person turns attempts away.
    fn blocked_until(&self, row: &table::Model) -> Option<Timestamp> {
        let counted = self.counted().iter().find(|counted| row.key == counted.key)?;
        counted.bucket.full_until(row, self.limits).filter(|_| !counted.bucket.is_of_network())
    }

    fn row(&self, Counted { bucket, key }: &Counted, now: Timestamp) -> table::ActiveModel {
        let whose = self.whose.filter(|_| !bucket.is_of_network()).map(|key| key.to_vec());
        table::ActiveModel {
            key: Set(key.to_vec()),
            name_key: Set(whose),
            count: Set(1),
            last_at: Set(now),
            expires_at: Set(now + bucket.window()),
        }
    }

    /// It succeeded: what was counted for this person alone is forgotten.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forgive(self) -> Result<()> {
        if self.forgiven.is_empty() {
            return Ok(());
        }
        let keys = self.forgiven.iter().map(|key| key.to_vec());
        table::Entity::delete_many()
            .filter(table::Column::Key.is_in(keys))
            .exec(self.db.write())
            .await?;
        Ok(())
    }
}
