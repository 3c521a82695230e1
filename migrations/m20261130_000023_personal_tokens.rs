//! Personal tokens, and accounts of services, which have nothing else.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let kind = text("kind").default("person").take();
        db.alter_table(Table::alter().table("accounts").add_column(kind).to_owned()).await?;
        db.create_table(
            Table::create()
                .table("personal_tokens")
                .col(uuid("id").primary_key())
                .col(uuid("account_id"))
                .col(binary_uniq("hash"))
                .col(text("hint"))
                .col(text("name"))
                .col(text("roles"))
                .col(text_null("applications"))
                .col(text("networks"))
                .col(big_integer("created_at"))
                .col(big_integer_null("expires_at"))
                .col(big_integer_null("last_used_at"))
                .col(text("last_used_address"))
                .col(big_integer_null("revoked_at"))
                .foreign_key(
                    ForeignKey::create()
                        .from("personal_tokens", "account_id")
                        .to("accounts", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
        db.create_index(
            Index::create()
                .name("personal_tokens_by_account_id")
                .table("personal_tokens")
                .col("account_id")
                .to_owned(),
        )
        .await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.drop_table(Table::drop().table("personal_tokens").to_owned()).await?;
        db.alter_table(Table::alter().table("accounts").drop_column("kind").to_owned()).await
    }
}
