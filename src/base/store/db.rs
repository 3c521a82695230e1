//! Opening the database, its schema, and the one way to begin writing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use migrations::Migrator;
use migrations::sea_orm_migration::MigratorTrait;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use super::address::{is_postgres, shown, sqlite_file, verified};
use super::changes::Changes;
use crate::base::error::{Error, Result};

/// A transaction, where a function must not be called outside one.
pub type Txn = DatabaseTransaction;

/// How to open the database.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://…` or `postgres://…`; may hold a password, so it is never printed.
    pub url: String,
    /// SQLite only: wait for the disk at each commit, so that what was
    /// acknowledged survives a power cut.
    pub synchronous_full: bool,
    /// PostgreSQL only: connections of this process at most.
    pub connections: u32,
}

/// The database, as every domain function takes it.
///
/// SQLite lets one connection write at a time. Writers therefore queue for the
/// single writing connection, in order, instead of failing with "database is
/// locked", and readers never wait for them (write-ahead log).
#[derive(Clone, Debug)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
    changes: Changes,
    #[cfg_attr(not(feature = "test-support"), expect(dead_code, reason = "for tests"))]
    asked: Arc<AtomicU64>,
}

impl Db {
    /// Opens the database, making a SQLite file that does not exist yet.
    ///
    /// # Errors
    /// One sentence that says which database could not be opened, without its password.
    pub async fn open(options: &Options) -> Result<Self> {
        let connected = if options.url.starts_with("sqlite:") {
            Self::open_sqlite(options).await
        } else if is_postgres(&options.url) {
            Self::open_postgres(options).await
        } else {
            return Err(Error::broken(
                "The setting `database_url` must begin with sqlite: or postgres:.",
            ));
        };
        connected.map_err(|why| {
            Error::broken(format!("The database {} cannot be opened: {why}.", shown(&options.url)))
        })
    }

    async fn open_sqlite(options: &Options) -> Result<Self, DbErr> {
        let mut write = Database::connect(sqlite(options, 1)).await?;
        let mut read = Database::connect(sqlite(options, 4)).await?;
        let asked = Arc::default();
        measure(&mut write, &asked);
        measure(&mut read, &asked);
        Ok(Self { read, write, changes: Changes::default(), asked })
    }

    async fn open_postgres(options: &Options) -> Result<Self, DbErr> {
        let mut connect = ConnectOptions::new(&options.url);
        connect
            .max_connections(options.connections)
            // While the server is away every request waits this long; then it is 503.
            .acquire_timeout(Duration::from_secs(2))
            .connect_timeout(Duration::from_secs(5))
            .statement_timeout(Duration::from_secs(10))
            .sqlx_logging(false)
            .map_sqlx_postgres_opts({
                let url = options.url.clone();
                move |connect| verified(connect, &url).options(PAUSED)
            });
        let mut both = Database::connect(connect).await?;
        let asked = Arc::default();
        measure(&mut both, &asked);
        Ok(Self { read: both.clone(), write: both, changes: Changes::default(), asked })
    }

    /// For queries outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For one statement that is a transaction of its own.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// How many queries this process has made.
    #[cfg(feature = "test-support")]
    pub fn queries(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Says that something shown about an account has changed, after its commit.
    pub fn touch(&self, account: Uuid) {
        self.changes.touch(account);
    }

    /// The same about every account.
    pub fn touch_all(&self) {
        self.changes.touch_all();
    }

    /// A number that is another one after this process changed something shown
    /// about the account. (Now and then it is another one without cause.)
    pub fn version(&self, account: Uuid) -> u64 {
        self.changes.version(account)
    }

    /// Begins a transaction that may write; drop it to undo, commit it to keep.
    ///
    /// SQLite's plain BEGIN would take the write lock only at the first write,
    /// and fail there without waiting when somebody else wrote since.
    ///
    /// # Errors
    /// The database cannot be reached, or stays locked for five seconds.
    pub async fn begin(&self) -> Result<Txn> {
        let immediate = match self.write.get_database_backend() {
            DbBackend::Sqlite => Some(SqliteTransactionMode::Immediate),
            _ => None,
        };
        let options =
            TransactionOptions { sqlite_transaction_mode: immediate, ..Default::default() };
        Ok(self.write.begin_with_options(options).await?)
    }

    /// Writes a consistent copy into a new file, while others read and write.
    ///
    /// # Errors
    /// The file cannot be written; PostgreSQL has tools of its own for this.
    pub async fn backup(&self, file: &Path) -> Result<()> {
        if self.read.get_database_backend() != DbBackend::Sqlite {
            return Err(Error::broken("Back up PostgreSQL with pg_dump."));
        }
        let name = file.display().to_string().replace('\'', "''");
        self.read.execute_unprepared(&format!("VACUUM INTO '{name}'")).await?;
        Ok(())
    }

    /// Checkpoints SQLite's write-ahead log when it has grown long, as it does
    /// while somebody is always reading.
    ///
    /// # Errors
    /// The database failed.
    pub async fn checkpoint_wal(&self, url: &str) -> Result<()> {
        let Some(file) = sqlite_file(url) else { return Ok(()) };
        let mut log = file.into_os_string();
        log.push("-wal");
        if std::fs::metadata(log).is_ok_and(|about| about.len() > MOST_LOG) {
            // Waits for readers, but no longer than the busy timeout.
            self.write.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }

    /// Whether a SQLite file is whole.
    ///
    /// # Errors
    /// One sentence about the first fault.
    pub async fn check(&self) -> Result<()> {
        let query = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check(1)");
        let row = self.read.query_one_raw(query).await?;
        let verdict: String = row.map_or(Ok(String::new()), |row| row.try_get_by_index(0))?;
        if verdict == "ok" {
            return Ok(());
        }
        Err(Error::broken(format!("The database is damaged: {verdict}.")))
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// A step that failed; earlier steps stay done.
    pub async fn migrate_up(&self) -> Result<()> {
        Ok(Migrator::up(&self.write, None).await?)
    }

    /// Says whether the schema is that of this program. A command must not bring it
    /// up to date: a server of an older version may be working on it.
    ///
    /// # Errors
    /// One sentence when steps are missing; the database cannot be asked.
    pub async fn ensure_up_to_date(&self) -> Result<()> {
        if self.migrations().await?.iter().all(|(_, done)| *done) {
            return Ok(());
        }
        Err(Error::broken(
            "The schema of the database is that of an older version, whose server may be running. Stop it and start the server of this version, which brings the schema up to date; or run `doorward migrate up`.",
        ))
    }

    /// Takes the newest step back.
    ///
    /// # Errors
    /// The step cannot be undone.
    pub async fn migrate_down(&self) -> Result<()> {
        Ok(Migrator::down(&self.write, Some(1)).await?)
    }

    /// The steps, oldest first, and whether each is done.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn migrations(&self) -> Result<Vec<(String, bool)>> {
        use migrations::sea_orm_migration::MigrationStatus;
        let steps = Migrator::get_migration_with_status(&self.write).await?;
        let step = |step: migrations::sea_orm_migration::Migration| {
            (step.name().to_owned(), step.status() == MigrationStatus::Applied)
        };
        Ok(steps.into_iter().map(step).collect())
    }

    /// Closes all connections; SQLite then checkpoints its write-ahead log.
    pub async fn close(self) {
        for connection in [self.read, self.write] {
            // The process is about to end: there is nobody left to tell.
            drop(connection.close().await);
        }
    }
}

/// PostgreSQL undoes the transaction of a process that has stood still in the
/// middle of it for ten seconds: nobody else waits longer for what it holds.
const PAUSED: [(&str, &str); 1] = [("idle_in_transaction_session_timeout", "10s")];

/// How long SQLite's log may grow, in bytes.
const MOST_LOG: u64 = 32 << 20;

/// Measures how long each query takes, and counts them.
fn measure(db: &mut DatabaseConnection, asked: &Arc<AtomicU64>) {
    let asked = Arc::clone(asked);
    db.set_metric_callback(move |done| {
        asked.fetch_add(1, Ordering::Relaxed);
        metrics::histogram!("doorward_database_seconds").record(done.elapsed.as_secs_f64());
    });
}

fn sqlite(options: &Options, connections: u32) -> ConnectOptions {
    let mut connect = ConnectOptions::new(&options.url);
    let synchronous = if options.synchronous_full { "FULL" } else { "NORMAL" };
    connect
        .max_connections(connections)
        .min_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", synchronous)
                .pragma("secure_delete", "ON")
                // After a checkpoint its file is cut back to this.
                .pragma("journal_size_limit", MOST_LOG.to_string())
        });
    connect
}
