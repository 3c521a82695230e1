//! What can be taken back, with the state before and after; and who made a
//! recovery link.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("undoable_actions")
                .col(big_integer("event_id").primary_key())
                .col(uuid("account_id"))
                .col(text("kind"))
                .col(uuid("actor"))
                .col(big_integer("at"))
                .col(text("state_before"))
                .col(text("state_after"))
                .col(boolean("superseded"))
                .foreign_key(
                    ForeignKey::create()
                        .from("undoable_actions", "account_id")
                        .to("accounts", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
        db.create_index(
            Index::create()
                .name("undoable_actions_by_account")
                .table("undoable_actions")
                .col("account_id")
                .col("kind")
                .to_owned(),
        )
        .await?;
        // No foreign key: a deleted actor must not become the operator, who is null here.
        let made_by = uuid_null("made_by");
        let table = Table::alter().table("one_time_tokens").add_column(made_by).to_owned();
        db.alter_table(table).await?;
        // Who made the links that are open is not known: they are used up.
        let used_up = Query::update()
            .table("one_time_tokens")
            .value("used_at", Expr::col("created_at"))
            .and_where(Expr::col("used_at").is_null())
            .and_where(Expr::col("purpose").eq("recovery"))
            .to_owned();
        db.execute(used_up).await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("one_time_tokens").drop_column("made_by").to_owned();
        db.alter_table(table).await?;
        db.drop_table(Table::drop().table("undoable_actions").to_owned()).await
    }
}
