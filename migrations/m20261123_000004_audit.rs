//! The audit log, the chain that seals it, and the figures counted from it.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("audit_events")
                .col(big_pk_auto("id"))
                .col(big_integer("at"))
                .col(text("event"))
                .col(uuid_null("actor"))
                .col(uuid_null("target"))
                .col(text("session"))
                .col(text("address"))
                .col(text("user_agent"))
                .col(text("detail"))
                .col(text("reason"))
                .to_owned(),
        )
        .await?;
        // Each with the id, so that a screen is read in order from the index.
        for column in ["event", "actor", "target", "address", "at"] {
            db.create_index(
                Index::create()
                    .name(format!("audit_events_by_{column}"))
                    .table("audit_events")
                    .col(column)
                    .col("id")
                    .to_owned(),
            )
            .await?;
        }
        db.create_table(
            Table::create()
                .table("audit_seals")
                .col(big_integer("position").primary_key())
                .col(big_integer_uniq("event_id"))
                .col(var_binary("hash", 32))
                .col(big_integer("sealed_at"))
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("figures")
                // In hours: 1 or 24.
                .col(big_integer("step"))
                // Steps since 1970.
                .col(big_integer("place"))
                .col(text("name"))
                .col(big_integer("value"))
                .primary_key(Index::create().col("step").col("place").col("name"))
                .to_owned(),
        )
        .await?;
        let triggers = match db.get_database_backend() {
            DbBackend::Sqlite => SQLITE,
            _ => POSTGRES,
        };
        db.get_connection().execute_unprepared(triggers).await?;
        Ok(())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in ["figures", "audit_seals", "audit_events"] {
            db.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        if db.get_database_backend() != DbBackend::Sqlite {
            let drop = "DROP FUNCTION audit_refuse_change(), audit_refuse_removal_of_event(), audit_refuse_removal_of_seal()";
            db.get_connection().execute_unprepared(drop).await?;
        }
        Ok(())
    }
}

/// Nothing is changed, and only what was sealed and then pruned is removed. The
/// seal at the place up to which the log was pruned stays: the chain hangs on it.
const SQLITE: &str = "
CREATE TRIGGER audit_events_stay BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_seals_stay BEFORE UPDATE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_events_remain BEFORE DELETE ON audit_events
WHEN NOT EXISTS (
    SELECT 1 FROM audit_seals WHERE event_id = OLD.id
    AND position <= (SELECT value FROM service WHERE name = 'audit_pruned')
)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_seals_remain BEFORE DELETE ON audit_seals
WHEN OLD.position >= coalesce((SELECT value FROM service WHERE name = 'audit_pruned'), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
";

const POSTGRES: &str = "
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE FUNCTION audit_refuse_removal_of_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM audit_seals WHERE event_id = OLD.id
        AND position <= (SELECT value FROM service WHERE name = 'audit_pruned')
    ) THEN RAISE EXCEPTION 'the audit log is append-only'; END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION audit_refuse_removal_of_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.position >= coalesce((SELECT value FROM service WHERE name = 'audit_pruned'), 0)
    THEN RAISE EXCEPTION 'the audit log is append-only'; END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_events_stay BEFORE UPDATE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seals_stay BEFORE UPDATE ON audit_seals
FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_events_stand BEFORE TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seals_stand BEFORE TRUNCATE ON audit_seals
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_events_remain BEFORE DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_refuse_removal_of_event();
CREATE TRIGGER audit_seals_remain BEFORE DELETE ON audit_seals
FOR EACH ROW EXECUTE FUNCTION audit_refuse_removal_of_seal();
";
