//! What several servers on one PostgreSQL need of it: its clock, the order of
//! its commits, its locks, and to be woken. On SQLite one server writes at a
//! time, and whatever is asked here is answered without asking anybody.

use std::sync::Arc;

use sea_orm::sqlx::postgres::{PgListener, PgPoolOptions};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, RuntimeErr, Statement, sqlx};

use super::address::{is_postgres, verified};
use super::db::{Db, Options};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;

/// The channel on which servers on one PostgreSQL wake each other.
const CHANNEL: &str = "doorward_revoked";
const NOTIFY: &str = "NOTIFY doorward_revoked";

impl Db {
    /// Whether other servers may work on it.
    pub fn is_shared(&self) -> bool {
        self.read().get_database_backend() != DbBackend::Sqlite
    }

    /// What the clock of the database says, where several servers share it;
    /// `None` on SQLite, whose clock is this machine's.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn its_time(&self) -> Result<Option<Timestamp>> {
        const TIME: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        Ok(number(self.read(), TIME).await?.map(Timestamp))
    }

    /// Hears what other servers do. `None` where there are no others (SQLite).
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn listen(options: &Options) -> Result<Option<Listener>> {
        if !is_postgres(&options.url) {
            return Ok(None);
        }
        let connect = verified(options.url.parse().map_err(heard)?, &options.url);
        let pool = PgPoolOptions::new().max_connections(1).connect_with(connect).await;
        let mut listener = PgListener::connect_with(&pool.map_err(heard)?).await.map_err(heard)?;
        listener.listen(CHANNEL).await.map_err(heard)?;
        Ok(Some(Listener(listener)))
    }
}

/// A connection of its own on which other servers are heard.
pub struct Listener(PgListener);

/// What a [`Listener`] heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody revoked something.
    Call,
    /// The connection was lost, and is there again: calls may have been missed.
    Gap,
}

impl Listener {
    /// Waits for the next call.
    ///
    /// # Errors
    /// The database cannot be reached; ask again later.
    pub async fn hear(&mut self) -> Result<Heard> {
        Ok(match self.0.try_recv().await.map_err(heard)? {
            Some(_) => Heard::Call,
            None => Heard::Gap,
        })
    }
}

fn heard(error: sqlx::Error) -> Error {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))).into()
}

/// Wakes the other servers, once the caller's transaction is committed.
///
/// # Errors
/// The database failed.
pub async fn wake_others(db: &impl ConnectionTrait) -> Result<()> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(NOTIFY).await?;
    }
    Ok(())
}

/// The number of the oldest transaction that is still under way: whatever one
/// with a lower number wrote is visible to the next query, or never will be.
/// `None` on SQLite, where rows appear in the order of their numbers.
///
/// # Errors
/// The database failed.
pub async fn oldest_under_way(db: &impl ConnectionTrait) -> Result<Option<i64>> {
    const OLDEST: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
    number(db, OLDEST).await
}

/// The number of the caller's transaction, given to it now if it has none yet;
/// `None` on SQLite.
///
/// # Errors
/// The database failed.
pub async fn own_number(db: &impl ConnectionTrait) -> Result<Option<i64>> {
    number(db, "SELECT pg_current_xact_id()::text::bigint").await
}

/// What is held until the caller's transaction ends. SQLite has one writer at a
/// time, who holds everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Epochs stay above the global one while an account's is raised.
    AccountEpoch,
    /// No account's epoch is raised while the global one is.
    GlobalEpoch,
}

/// Waits until it is held.
///
/// # Errors
/// The database failed.
pub async fn hold(db: &impl ConnectionTrait, what: Hold) -> Result<()> {
    const SHARED: &str = "SELECT pg_advisory_xact_lock_shared(7236419)";
    const ALONE: &str = "SELECT pg_advisory_xact_lock(7236419)";
    if db.get_database_backend() == DbBackend::Postgres {
        match what {
            Hold::AccountEpoch => db.execute_unprepared(SHARED).await?,
            Hold::GlobalEpoch => db.execute_unprepared(ALONE).await?,
        };
    }
    Ok(())
}

/// Whether the caller may seal the audit log. Nobody waits for the one that does.
///
/// # Errors
/// The database failed.
pub async fn may_seal(db: &impl ConnectionTrait) -> Result<bool> {
    const SEALING: &str =
        "SELECT CASE WHEN pg_try_advisory_xact_lock(7236418) THEN 1 ELSE 0 END::bigint";
    Ok(number(db, SEALING).await? != Some(0))
}

/// The number that a query has for an answer; `None` on SQLite, which is not asked.
async fn number(db: &impl ConnectionTrait, query: &'static str) -> Result<Option<i64>> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}
