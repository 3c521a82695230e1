//! The audit log.

use sea_orm_migration::{prelude::*, schema::*};

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
                .to_owned(),
        )
        .await?;
        for (name, column) in [("audit_events_by_target", "target"), ("audit_events_by_time", "at")]
        {
            db.create_index(
                Index::create().name(name).table("audit_events").col(column).to_owned(),
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.drop_table(Table::drop().table("audit_events").to_owned()).await
    }
}
