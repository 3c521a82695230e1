//! The searched text of each account also has the first two letters of each part
//! of its names, by which the index finds words of one or two letters.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_orm::prelude::Uuid;

use crate::m20261129_000021_finding_people::{REMOVE_TRIGRAMS, TRIGRAMS};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Rows written by one statement.
const BATCH: u64 = 500;

/// The first two letters of each part of these names, each after two marks.
fn parts(text: &str) -> String {
    let separates = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '_' | '@');
    let mut parts: Vec<String> = vec![];
    for name in text.lines().filter(|name| !name.is_empty()) {
        let begins = |place: usize| name[..place].chars().next_back().is_none_or(separates);
        for (place, _) in name.char_indices().filter(|(place, _)| begins(*place)) {
            let part = name[place..].chars().take(2).collect();
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    parts.iter().map(|part| format!("\u{1}\u{1}{part}")).collect()
}

async fn fill(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let mut done = 0_i64;
    loop {
        let some = Query::select()
            .columns(["id", "account_id", "text"])
            .from("account_search")
            .and_where(Expr::col("id").gt(done))
            .order_by("id", Order::Asc)
            .limit(BATCH)
            .to_owned();
        let rows = db.query_all(&some).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut insert = Query::insert();
        insert.into_table("account_search").columns(["id", "account_id", "text"]);
        for row in rows {
            done = row.try_get("", "id")?;
            let account: Uuid = row.try_get("", "account_id")?;
            let names: String = row.try_get("", "text")?;
            insert.values_panic([
                done.into(),
                account.into(),
                format!("{names}\n{}", parts(&names)).into(),
            ]);
        }
        insert.on_conflict(OnConflict::column("id").update_column("text").to_owned());
        db.execute(&insert).await?;
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let connection = db.get_connection();
        if db.get_database_backend() == DbBackend::Postgres {
            return fill(connection).await;
        }
        // Written at once, the index takes a fraction of the time.
        connection.execute_unprepared(REMOVE_TRIGRAMS).await?;
        fill(connection).await?;
        connection.execute_unprepared(TRIGRAMS).await?;
        let rebuild = "INSERT INTO account_trigrams(account_trigrams) VALUES ('rebuild')";
        connection.execute_unprepared(rebuild).await.map(|_| ())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let names = match db.get_database_backend() {
            DbBackend::Postgres => "split_part(text, E'\\n\\x01', 1)",
            _ => "substr(text, 1, instr(text, char(10) || char(1)) - 1)",
        };
        let cut = format!("UPDATE account_search SET text = {names}");
        db.get_connection().execute_unprepared(&cut).await.map(|_| ())
    }
}
