//! Attempts counted, so that guessing passwords is slow.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("attempts")
                // MACs: neither typed names nor addresses can be read from them.
                .col(var_binary("key", 32).primary_key())
                .col(ColumnDef::new("name_key").var_binary(32).null())
                .col(big_integer("count"))
                .col(big_integer("last_at"))
                .col(big_integer("expires_at"))
                .to_owned(),
        )
        .await?;
        for column in ["name_key", "expires_at"] {
            db.create_index(
                Index::create()
                    .name(format!("attempts_by_{column}"))
                    .table("attempts")
                    .col(column)
                    .to_owned(),
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.drop_table(Table::drop().table("attempts").to_owned()).await
    }
}
