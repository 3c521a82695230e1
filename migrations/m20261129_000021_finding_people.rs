//! Names to show, and an index to find accounts by any part of their names:
//! FTS5 with trigrams in SQLite, `pg_trgm` in PostgreSQL. Until when an account
//! is locked, and how many of its failures were before it was last unlocked.

use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::{prelude::*, schema::*};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The full-text index holds no text of its own, and `secure-delete` removes
/// what was deleted instead of marking it: names do not outlast their account.
pub(crate) const TRIGRAMS: &str = "
CREATE VIRTUAL TABLE account_trigrams USING fts5(text, content='account_search',
    content_rowid='id', tokenize='trigram case_sensitive 1');
INSERT INTO account_trigrams(account_trigrams, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER account_search_added AFTER INSERT ON account_search BEGIN
    INSERT INTO account_trigrams(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER account_search_removed AFTER DELETE ON account_search BEGIN
    INSERT INTO account_trigrams(account_trigrams, rowid, text)
    VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER account_search_changed AFTER UPDATE OF text ON account_search BEGIN
    INSERT INTO account_trigrams(account_trigrams, rowid, text)
    VALUES ('delete', old.id, old.text);
    INSERT INTO account_trigrams(rowid, text) VALUES (new.id, new.text);
END;
";

/// What [`TRIGRAMS`] made is gone.
pub(crate) const REMOVE_TRIGRAMS: &str = "
DROP TRIGGER account_search_added;
DROP TRIGGER account_search_removed;
DROP TRIGGER account_search_changed;
DROP TABLE account_trigrams;
";

/// The extension is a part of PostgreSQL and may be created by the owner of the
/// database. Where it cannot be, a search reads all accounts.
const POSTGRES: &str = "
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX account_search_trigrams ON account_search USING gin (text gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported THEN
    RAISE NOTICE 'Without pg_trgm, a search reads all accounts.';
END $$;
";

/// Rows written by one statement.
const BATCH: usize = 500;

/// The names of all accounts, one a line, each after a line break.
async fn fill(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let all = Query::select()
        .columns(["id", "username_canonical", "email", "email_canonical"])
        .from("accounts")
        .to_owned();
    let rows = db.query_all(&all).await?;
    for some in rows.chunks(BATCH) {
        let mut insert = Query::insert();
        insert.into_table("account_search").columns(["account_id", "text"]);
        for row in some {
            let id: Uuid = row.try_get("", "id")?;
            let name = |column| row.try_get::<String>("", column).map(|name| plain(&name));
            let names = [name("username_canonical")?, name("email")?, name("email_canonical")?];
            let mut text = String::new();
            for (place, name) in names.iter().enumerate() {
                if !names[..place].contains(name) {
                    text = format!("{text}\n{name}");
                }
            }
            insert.values_panic([id.into(), text.into()]);
        }
        db.execute(&insert).await?;
    }
    Ok(())
}

/// Text as it is compared in a search: without accents and capitals.
fn plain(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).nfkc().collect()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            text("display_name").default("").take(),
            big_integer_null("locked_until"),
            big_integer("failed_before_unlock").default(0).take(),
        ] {
            db.alter_table(Table::alter().table("accounts").add_column(column).to_owned()).await?;
        }
        db.create_index(
            Index::create()
                .name("accounts_locked")
                .table("accounts")
                .col("username_canonical")
                .and_where(Expr::col("locked_until").is_not_null())
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("account_search")
                .col(big_integer("id").auto_increment().primary_key())
                .col(uuid_uniq("account_id"))
                .col(text("text"))
                .foreign_key(
                    ForeignKey::create()
                        .from("account_search", "account_id")
                        .to("accounts", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
        let connection = db.get_connection();
        connection
            .execute_unprepared(match db.get_database_backend() {
                DbBackend::Postgres => POSTGRES,
                _ => TRIGRAMS,
            })
            .await?;
        fill(connection).await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        if db.get_database_backend() == DbBackend::Sqlite {
            db.get_connection().execute_unprepared("DROP TABLE account_trigrams").await?;
        }
        db.drop_table(Table::drop().table("account_search").to_owned()).await?;
        db.drop_index(Index::drop().name("accounts_locked").table("accounts").to_owned()).await?;
        for column in ["display_name", "locked_until", "failed_before_unlock"] {
            db.alter_table(Table::alter().table("accounts").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
