//! User names that an application was told, which nobody else is given.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("kept_names")
                .col(binary("digest").primary_key())
                .col(uuid_null("account_id"))
                .foreign_key(
                    ForeignKey::create()
                        .from("kept_names", "account_id")
                        .to("accounts", "id")
                        .on_delete(ForeignKeyAction::SetNull),
                )
                .to_owned(),
        )
        .await?;
        let index = Index::create()
            .name("kept_names_by_account_id")
            .table("kept_names")
            .col("account_id")
            .to_owned();
        db.create_index(index).await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.drop_table(Table::drop().table("kept_names").to_owned()).await
    }
}
