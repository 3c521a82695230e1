//! PostgreSQL gives rows their numbers before they are committed. Which
//! transaction wrote a revocation tells whether it may still be to come; and a
//! transaction that writes an audit event has its own number before the event
//! has one. SQLite commits in the order of the numbers.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        if db.get_database_backend() == DbBackend::Postgres {
            db.get_connection().execute_unprepared(UP).await?;
        }
        Ok(())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        if db.get_database_backend() == DbBackend::Postgres {
            db.get_connection().execute_unprepared(DOWN).await?;
        }
        Ok(())
    }
}

/// Rows from before are of no transaction that could still be under way. The
/// trigger runs before the first row of the statement is given its number. What
/// is far behind the newest seal need not be looked through again.
const UP: &str = "
ALTER TABLE revocations ADD COLUMN written_by bigint;
ALTER TABLE revocations ALTER COLUMN written_by SET DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX revocations_by_writer ON revocations (written_by);
CREATE FUNCTION audit_number_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_current_xact_id(); RETURN NULL; END $$;
CREATE TRIGGER audit_events_numbered BEFORE INSERT ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_number_transaction();
INSERT INTO service (name, value)
SELECT 'audit_settled', max(event_id) - 1000 FROM audit_seals HAVING max(event_id) > 1000
ON CONFLICT DO NOTHING;
";

const DOWN: &str = "
DROP TRIGGER audit_events_numbered ON audit_events;
DROP FUNCTION audit_number_transaction();
DROP INDEX revocations_by_writer;
ALTER TABLE revocations DROP COLUMN written_by;
DELETE FROM service WHERE name IN ('audit_settled', 'audit_mark', 'audit_marked_by');
";
