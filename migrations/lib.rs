//! The database's history. Each file is one step, named by date, and is never
//! edited once released; it therefore imports nothing from the app.
//!
//! Moments are whole milliseconds since 1970, because a number compares the
//! same way in SQLite and PostgreSQL.

pub use sea_orm_migration;
use sea_orm_migration::prelude::*;

mod m20261123_000001_accounts;
mod m20261123_000002_sessions;
mod m20261123_000003_credentials;
mod m20261123_000004_audit;
mod m20261124_000005_throttle;

/// All steps, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_accounts::Migration),
            Box::new(m20261123_000002_sessions::Migration),
            Box::new(m20261123_000003_credentials::Migration),
            Box::new(m20261123_000004_audit::Migration),
            Box::new(m20261124_000005_throttle::Migration),
        ]
    }
}
