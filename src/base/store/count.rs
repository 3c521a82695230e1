//! Counting what may be very much.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, Query, SelectStatement};

use crate::base::error::Result;

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u64),
    /// More than that: they were not counted to the end.
    MoreThan(u64),
}

impl Count {
    /// How many rows a query has; only until there are more than `most`. The limit is put on
    /// the query itself: with one around it, SQLite may find all rows of a subquery first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn up_to(
        db: &impl ConnectionTrait,
        mut rows: SelectStatement,
        most: u64,
    ) -> Result<Self> {
        rows.limit(most + 1);
        let counted = Query::select()
            .expr_as(Expr::cust("count(*)"), "found")
            .from_subquery(rows, "found")
            .to_owned();
        let row = db.query_one(&counted).await?;
        let found = row.map_or(Ok(0), |row| row.try_get::<i64>("", "found"))?.unsigned_abs();
        Ok(if found > most { Self::MoreThan(most) } else { Self::Exactly(found) })
    }
}
