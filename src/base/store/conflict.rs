//! Statements that got in the way of others: what is tried again, and what was
//! there before.

use std::time::Duration;

use sea_orm::{DbErr, SqlErr};

use crate::base::error::{Error, Refusal};

/// Counts how often a transaction is begun again because it got in the way of
/// another one (PostgreSQL ends one of those who wait in a circle): twice at most.
#[derive(Default)]
pub struct Retry(u64);

impl Retry {
    /// Whether to do it again after this, once a moment has passed.
    pub async fn after(&mut self, error: &Error) -> bool {
        if !error.is_conflict() || self.0 == 2 {
            return false;
        }
        self.0 += 1;
        tracing::warn!(%error, "database.again");
        tokio::time::sleep(Duration::from_millis(10 * self.0)).await;
        true
    }
}

/// What a statement returned, or that refusal if a row with the same value exists.
///
/// # Errors
/// The refusal; the database failed.
pub fn unless_taken<T>(written: Result<T, DbErr>, refusal: Refusal) -> Result<T, Error> {
    match written {
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(refusal.into())
        }
        done => Ok(done?),
    }
}

/// Whether `error` says that a row with this value in `column` exists.
pub fn is_taken(error: &DbErr, column: &str) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(what)) if what.contains(column))
}
