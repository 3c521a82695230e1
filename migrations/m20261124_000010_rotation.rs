//! Marks of the hand-outs of a session's tokens, renewed sessions, and the
//! moment at which an account was last given more rights.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

async fn add(db: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    db.alter_table(Table::alter().table(table).add_column(column).to_owned()).await
}

async fn drop(
    db: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    db.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await
}

async fn run(db: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    db.get_connection().execute_unprepared(statement).await.map(|_| ())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        add(db, "sessions", big_integer("mark").default(0).take()).await?;
        add(db, "sessions", big_integer_null("shown_mark").take()).await?;
        add(db, "sessions", big_integer_null("shown_at").take()).await?;
        add(db, "sessions", big_integer("parent_mark").default(0).take()).await?;
        add(db, "sessions", big_integer_null("again_at").take()).await?;
        add(db, "sessions", uuid_null("continued_by").take()).await?;
        add(db, "accounts", big_integer_null("raised_at").take()).await?;
        run(db, "UPDATE sessions SET mark = rotated_at, parent_mark = rotated_at").await?;
        run(
            db,
            "UPDATE sessions SET shown_mark = rotated_at, shown_at = rotated_at WHERE confirmed_gen >= gen",
        )
        .await?;
        drop(db, "sessions", "rotated_at").await?;
        drop(db, "sessions", "confirmed_gen").await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        add(db, "sessions", big_integer("rotated_at").default(0).take()).await?;
        add(db, "sessions", big_integer("confirmed_gen").default(-1).take()).await?;
        run(db, "UPDATE sessions SET rotated_at = mark").await?;
        run(db, "UPDATE sessions SET confirmed_gen = gen WHERE shown_mark IS NOT NULL").await?;
        run(db, "UPDATE sessions SET confirmed_gen = gen - 1 WHERE shown_mark IS NULL").await?;
        for column in ["mark", "shown_mark", "shown_at", "parent_mark", "again_at", "continued_by"]
        {
            drop(db, "sessions", column).await?;
        }
        drop(db, "accounts", "raised_at").await
    }
}
