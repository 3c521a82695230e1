//! What a one-time token brings back, as JSON.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let table =
            Table::alter().table("one_time_tokens").add_column(text_null("payload")).to_owned();
        db.alter_table(table).await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("one_time_tokens").drop_column("payload").to_owned();
        db.alter_table(table).await
    }
}
