//! Applications that are guarded, and who has entered them.

use sea_orm_migration::{prelude::*, schema::*};

use super::exact;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("applications")
                .col(uuid("id").primary_key())
                .col(exact(db, text_uniq("slug")))
                .col(text("draft"))
                .col(big_integer("created_at"))
                .col(big_integer("changed_at"))
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("application_hosts")
                .col(exact(db, text("name").primary_key().take()))
                .col(uuid("application_id"))
                .foreign_key(&mut of_application("application_hosts"))
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("application_changes")
                .col(big_integer("event_id").primary_key())
                .col(uuid("application_id"))
                .col(uuid("actor"))
                .col(big_integer("at"))
                .col(text_null("before"))
                .col(text_null("after"))
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("entries")
                .col(uuid("id").primary_key())
                .col(uuid("sid"))
                .col(uuid("application_id"))
                .col(exact(db, text("host")))
                .col(big_integer("auth_time"))
                .col(big_integer("entered_at"))
                .col(big_integer_null("ended_at"))
                .foreign_key(&mut of_session("entries"))
                .foreign_key(&mut of_application("entries"))
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("entry_codes")
                .col(binary("hash").primary_key())
                .col(uuid("sid"))
                .col(uuid("application_id"))
                .col(exact(db, text("host")))
                .col(binary("challenge"))
                .col(big_integer("created_at"))
                .col(big_integer_null("used_at"))
                .foreign_key(&mut of_session("entry_codes"))
                .foreign_key(&mut of_application("entry_codes"))
                .to_owned(),
        )
        .await?;
        for (table, column) in [
            ("application_hosts", "application_id"),
            ("entries", "sid"),
            ("entries", "application_id"),
            ("entry_codes", "sid"),
            ("entry_codes", "created_at"),
        ] {
            db.create_index(
                Index::create()
                    .name(format!("{table}_by_{column}"))
                    .table(table)
                    .col(column)
                    .to_owned(),
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in
            ["entry_codes", "entries", "application_changes", "application_hosts", "applications"]
        {
            db.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn of_application(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "application_id")
        .to("applications", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn of_session(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "sid")
        .to("sessions", "sid")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
