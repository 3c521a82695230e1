//! The database's history. Each file is one step, named by date, and is never
//! edited once released; it therefore imports nothing from the app.
//!
//! Moments are whole milliseconds since 1970, because a number compares the
//! same way in SQLite and PostgreSQL.

pub use sea_orm_migration;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm;

mod m20261123_000001_accounts;
mod m20261123_000002_sessions;
mod m20261123_000003_credentials;
mod m20261123_000004_audit;
mod m20261124_000005_throttle;
mod m20261124_000006_keys_in_use;
mod m20261124_000007_order_of_commits;
mod m20261124_000008_undoable_actions;
mod m20261124_000009_known_browsers;
mod m20261124_000010_rotation;
mod m20261124_000018_hosts_in_a_labels;
mod m20261125_000019_payload_of_tokens;
mod m20261125_000020_staff_limits;
mod m20261129_000021_finding_people;
mod m20261130_000022_applications;
mod m20261130_000023_personal_tokens;
mod m20261130_000024_check_sightings;
mod m20261130_000025_kept_names;
mod m20261130_000026_parts_of_names;

/// All steps, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let steps: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(m20261123_000001_accounts::Migration),
            Box::new(m20261123_000002_sessions::Migration),
            Box::new(m20261123_000003_credentials::Migration),
            Box::new(m20261123_000004_audit::Migration),
            Box::new(m20261124_000005_throttle::Migration),
            Box::new(m20261124_000006_keys_in_use::Migration),
            Box::new(m20261124_000007_order_of_commits::Migration),
            Box::new(m20261124_000008_undoable_actions::Migration),
            Box::new(m20261124_000009_known_browsers::Migration),
            Box::new(m20261124_000010_rotation::Migration),
            Box::new(m20261124_000018_hosts_in_a_labels::Migration),
            Box::new(m20261125_000019_payload_of_tokens::Migration),
            Box::new(m20261125_000020_staff_limits::Migration),
            Box::new(m20261129_000021_finding_people::Migration),
            Box::new(m20261130_000022_applications::Migration),
            Box::new(m20261130_000023_personal_tokens::Migration),
            Box::new(m20261130_000024_check_sightings::Migration),
            Box::new(m20261130_000025_kept_names::Migration),
            Box::new(m20261130_000026_parts_of_names::Migration),
        ];
        steps.into_iter().map(|step| Box::new(Whole(step)) as Box<dyn MigrationTrait>).collect()
    }
}

/// A step in one transaction, also in SQLite: of a process that is killed in the
/// middle of it nothing is left, and the next one begins it again.
struct Whole(Box<dyn MigrationTrait>);

impl MigrationName for Whole {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Whole {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(db).await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(db).await
    }
}

/// A text that compares byte by byte, as every text does in SQLite. In
/// PostgreSQL the order of a language would be another one.
fn exact(db: &SchemaManager<'_>, mut column: ColumnDef) -> ColumnDef {
    if db.get_database_backend() == sea_orm::DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}
