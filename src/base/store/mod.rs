//! The database: opening it, its schema, and the one way to begin writing.

pub mod numbers;
pub mod shared;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use migrations::Migrator;
use migrations::sea_orm_migration::MigratorTrait;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, SqlErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

pub use self::shared::{Heard, Hold, Listener};
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
    changes: Arc<Vec<AtomicU64>>,
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
        measure(&mut write);
        measure(&mut read);
        Ok(Self { read, write, changes: changes() })
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
        measure(&mut both);
        Ok(Self { read: both.clone(), write: both, changes: changes() })
    }

    /// For queries outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For one statement that is a transaction of its own.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Says that something shown about an account has changed, after its commit.
    pub fn touch(&self, account: Uuid) {
        self.changes[place(account)].fetch_add(1, Ordering::AcqRel);
    }

    /// The same about every account.
    pub fn touch_all(&self) {
        for change in self.changes.iter() {
            change.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// A number that is another one after this process changed something shown
    /// about the account. (Now and then it is another one without cause.)
    pub fn version(&self, account: Uuid) -> u64 {
        self.changes[place(account)].load(Ordering::Acquire)
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

    /// Folds SQLite's log into its file when the log has grown long, as it does
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

    /// Closes all connections; SQLite then folds its log into the file.
    pub async fn close(self) {
        for connection in [self.read, self.write] {
            // The process is about to end: there is nobody left to tell.
            drop(connection.close().await);
        }
    }
}

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

/// PostgreSQL undoes the transaction of a process that has stood still in the
/// middle of it for ten seconds: nobody else waits longer for what it holds.
const PAUSED: [(&str, &str); 1] = [("idle_in_transaction_session_timeout", "10s")];

/// How long SQLite's log may grow, in bytes.
const MOST_LOG: u64 = 32 << 20;

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

/// Encrypted, and with a certificate for that very host, unless the server is
/// this machine or the address says otherwise (`sslmode`).
fn verified(options: PgConnectOptions, url: &str) -> PgConnectOptions {
    let host = options.get_host();
    let local = host.starts_with('/') || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&host);
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let mut names = parameters.split('&').filter_map(|pair| pair.split('=').next());
    let chosen = names.any(|name| ["sslmode", "ssl-mode"].contains(&name))
        || std::env::var_os("PGSSLMODE").is_some();
    if local || chosen { options } else { options.ssl_mode(PgSslMode::VerifyFull) }
}

/// Measures how long each query takes.
fn measure(db: &mut DatabaseConnection) {
    db.set_metric_callback(|done| {
        metrics::histogram!("doorward_database_seconds").record(done.elapsed.as_secs_f64());
    });
}

fn changes() -> Arc<Vec<AtomicU64>> {
    Arc::new((0..CHANGE_PLACES).map(|_| AtomicU64::new(0)).collect())
}

/// Accounts share these counters, so that a million of them need no more memory than one.
const CHANGE_PLACES: usize = 4096;

fn place(account: Uuid) -> usize {
    account.as_u128() as usize % CHANGE_PLACES
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

/// The path of the SQLite file behind `url`, if it is one.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Whether a password stands in the address of a database.
pub fn has_password(url: &str) -> bool {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let user = address.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':'))
        || query.split('&').any(|pair| pair.starts_with("password="))
}

/// The address of a database without its user and password.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => {
            format!("{scheme}://{}", place.split('?').next().unwrap_or_default())
        }
        _ => url.split('?').next().unwrap_or_default().to_owned(),
    }
}

/// Whether `error` says that a row with this value in `column` exists.
pub fn is_taken(error: &DbErr, column: &str) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(what)) if what.contains(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_its_password() {
        let url = "postgres://doorward:secret@db.example.org/doorward?sslmode=verify-full";
        assert_eq!(shown(url), "postgres://db.example.org/doorward");
        assert_eq!(shown("sqlite://data/doorward.db?mode=rwc"), "sqlite://data/doorward.db");
        assert!(has_password(url) && has_password("postgres:///db?user=a&password=b"));
        for without in
            ["postgres://doorward@[::1]:5432/db", "sqlite://data/doorward.db", "postgres://h:1/d"]
        {
            assert!(!has_password(without), "{without}");
        }
    }

    #[test]
    fn a_server_elsewhere_is_asked_for_its_certificate_unless_the_address_says_otherwise() {
        let mode = |url: &str| format!("{:?}", verified(url.parse().unwrap(), url).get_ssl_mode());
        for elsewhere in [
            "postgres://doorward:secret@db.example.org/doorward",
            "postgresql://doorward@192.0.2.1:5433/doorward?application_name=doorward",
            "postgres://doorward@localhost.example.org/doorward",
            // Only a parameter of that name says so.
            "postgres://doorward:sslmode=disable@db.example.org/doorward",
            "postgres://doorward@db.example.org/sslmode=disable",
            "postgres://doorward@db.example.org/doorward?application_name=sslmode=disable",
        ] {
            assert_eq!(mode(elsewhere), "VerifyFull", "{elsewhere}");
        }
        for (url, chosen) in [
            ("postgres://doorward@localhost/doorward", "Prefer"),
            ("postgres://doorward@[::1]:5432/doorward", "Prefer"),
            ("postgres://doorward@db.example.org/doorward?sslmode=require", "Require"),
            ("postgres://doorward@db.example.org/doorward?a=b&ssl-mode=disable", "Disable"),
        ] {
            assert_eq!(mode(url), chosen, "{url}");
        }
    }
}
