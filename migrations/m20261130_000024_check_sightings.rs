//! What proxies asked about, for the doctor and the list of applications.

use sea_orm_migration::{prelude::*, schema::*};

use super::exact;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("check_sightings")
                .col(exact(db, text("host")))
                .col(exact(db, text("problem")))
                .col(uuid_null("application_id"))
                .col(big_integer("asked_at"))
                .col(big_integer_null("let_in_at"))
                .col(text("peer"))
                .primary_key(Index::create().col("host").col("problem"))
                .to_owned(),
        )
        .await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.drop_table(Table::drop().table("check_sightings").to_owned()).await
    }
}
