//! Copies a whole database to another engine.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict, Order, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::base::store::Db;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Id,
    MaybeId,
    Text,
    MaybeText,
    Number,
    MaybeNumber,
    Flag,
    Bytes,
    MaybeBytes,
}

use Kind::{Bytes, Flag, Id, MaybeBytes, MaybeId, MaybeNumber, MaybeText, Number, Text};

/// A table: its name, its columns, and how many of them, from the first, are its key.
struct Table {
    name: &'static str,
    key: usize,
    columns: &'static [(&'static str, Kind)],
}

/// Every table, those before which others refer to. A test holds the list
/// against the schema.
const TABLES: [Table; 13] = [
    Table {
        name: "accounts",
        key: 1,
        columns: &[
            ("id", Id),
            ("username", Text),
            ("username_canonical", Text),
            ("email", Text),
            ("email_canonical", Text),
            ("password_hash", Text),
            ("password_changed_at", Number),
            ("created_at", Number),
            ("disabled_at", MaybeNumber),
            ("epoch", Number),
            ("last_login_at", MaybeNumber),
            ("last_login_address", Text),
            ("last_login_user_agent", Text),
            ("failed_logins", Number),
            ("browsers_since", Number),
            ("raised_at", MaybeNumber),
        ],
    },
    Table {
        name: "account_roles",
        key: 2,
        columns: &[("account_id", Id), ("role", Text), ("username_canonical", Text)],
    },
    Table {
        name: "roles",
        key: 1,
        columns: &[("name", Text), ("description", Text), ("created_at", Number)],
    },
    Table {
        name: "sessions",
        key: 1,
        columns: &[
            ("sid", Id),
            ("account_id", Id),
            ("client", Text),
            ("created_at", Number),
            ("auth_time", Number),
            ("auth_methods", Text),
            ("remember", Flag),
            ("idle_millis", Number),
            ("idle_at", Number),
            ("absolute_at", Number),
            ("staff_idle_at", Number),
            ("gen", Number),
            ("mark", Number),
            ("shown_mark", MaybeNumber),
            ("shown_at", MaybeNumber),
            ("parent_mark", Number),
            ("again_at", MaybeNumber),
            ("kid", Text),
            ("salt", Bytes),
            ("user_agent", Text),
            ("address", Text),
            ("last_seen_at", Number),
            ("previous_login_at", MaybeNumber),
            ("previous_login_address", Text),
            ("previous_login_user_agent", Text),
            ("failures_before", Number),
            ("ended_at", MaybeNumber),
            ("end_reason", MaybeText),
            ("continued_by", MaybeId),
        ],
    },
    Table {
        name: "revocations",
        key: 1,
        columns: &[
            ("id", Number),
            ("kind", Text),
            ("subject", Id),
            ("min_version", Number),
            ("reason", Text),
            ("created_at", Number),
            ("expires_at", Number),
        ],
    },
    Table {
        name: "revocation_receipts",
        key: 2,
        columns: &[("revocation_id", Number), ("instance", Text), ("delay_millis", Number)],
    },
    Table {
        name: "one_time_tokens",
        key: 1,
        columns: &[
            ("hash", Bytes),
            ("purpose", Text),
            ("account_id", MaybeId),
            ("created_at", Number),
            ("expires_at", Number),
            ("used_at", MaybeNumber),
            ("made_by", MaybeId),
        ],
    },
    Table {
        name: "undoable_actions",
        key: 1,
        columns: &[
            ("event_id", Number),
            ("account_id", Id),
            ("kind", Text),
            ("actor", Id),
            ("at", Number),
            ("state_before", Text),
            ("state_after", Text),
            ("superseded", Flag),
        ],
    },
    Table {
        name: "audit_events",
        key: 1,
        columns: &[
            ("id", Number),
            ("at", Number),
            ("event", Text),
            ("actor", MaybeId),
            ("target", MaybeId),
            ("session", Text),
            ("address", Text),
            ("user_agent", Text),
            ("detail", Text),
            ("reason", Text),
        ],
    },
    Table {
        name: "audit_seals",
        key: 1,
        columns: &[
            ("position", Number),
            ("event_id", Number),
            ("hash", Bytes),
            ("sealed_at", Number),
        ],
    },
    Table {
        name: "figures",
        key: 3,
        columns: &[("step", Number), ("place", Number), ("name", Text), ("value", Number)],
    },
    Table {
        name: "attempts",
        key: 1,
        columns: &[
            ("key", Bytes),
            ("name_key", MaybeBytes),
            ("count", Number),
            ("last_at", Number),
            ("expires_at", Number),
        ],
    },
    Table { name: "keys_in_use", key: 1, columns: &[("kid", Text), ("seen_at", Number)] },
];

/// The service's own numbers come last: until they are there, a copy is not whole.
const NUMBERS: Table =
    Table { name: "service", key: 1, columns: &[("name", Text), ("value", Number)] };

/// Stands among the target's numbers while a copy is under way.
const UNDER_WAY: &str = "copy_under_way";

const BATCH: u64 = 500;

/// Copies every row, and compares. An interrupted copy is resumed. Tells
/// `progress` each table with its rows. Returns how many rows there are.
///
/// # Errors
/// The target has rows of its own; the two differ afterwards; a database failed.
pub async fn copy(from: &Db, to: &Db, mut progress: impl FnMut(&str, u64)) -> Result<u64> {
    begin(to).await?;
    let mut all = 0;
    for table in TABLES.iter().chain([&NUMBERS]) {
        let (ours, rows) = copy_table(from, to, table).await?;
        let (theirs, there) = sum_of(to, table).await?;
        if (ours, rows) != (theirs, there) {
            return Err(Error::broken(format!(
                "The table {} has {rows} rows here and {there} there, or other ones. Was something written meanwhile? Stop the servers and copy again.",
                table.name
            )));
        }
        progress(table.name, rows);
        all += rows;
    }
    move_counters_on(to).await?;
    let done =
        Query::delete().from_table("service").and_where(Expr::col("name").eq(UNDER_WAY)).to_owned();
    to.write().execute(&done).await?;
    Ok(all)
}

/// A target must be empty, but for what an interrupted copy left in it.
async fn begin(to: &Db) -> Result<()> {
    let marked = Query::select()
        .expr(Expr::val(1))
        .from("service")
        .and_where(Expr::col("name").eq(UNDER_WAY))
        .to_owned();
    if to.read().query_one(&marked).await?.is_some() {
        return Ok(());
    }
    for table in TABLES.iter().chain([&NUMBERS]) {
        let some = Query::select().expr(Expr::val(1)).from(table.name).limit(1).to_owned();
        if to.read().query_one(&some).await?.is_some() {
            return Err(Error::broken(format!(
                "The target is not empty: it has rows in the table {}.",
                table.name
            )));
        }
    }
    let mark = Query::insert()
        .into_table("service")
        .columns(["name", "value"])
        .values_panic([UNDER_WAY.into(), 1i64.into()])
        .to_owned();
    to.write().execute(&mark).await?;
    Ok(())
}

async fn copy_table(from: &Db, to: &Db, table: &Table) -> Result<(Vec<u8>, u64)> {
    let mut walk = Walk::new(table);
    while let Some(rows) = walk.next(from).await? {
        let mut insert = Query::insert();
        insert.into_table(table.name).columns(table.columns.iter().map(|(name, _)| *name));
        for row in rows {
            insert.values_panic(row.into_iter().map(SimpleExpr::from));
        }
        // What an interrupted copy brought is there already.
        insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        to.write().execute(&insert).await?;
    }
    Ok(walk.done())
}

/// A hash over all rows in the order of their key, and how many there are.
async fn sum_of(db: &Db, table: &Table) -> Result<(Vec<u8>, u64)> {
    let mut walk = Walk::new(table);
    while walk.next(db).await?.is_some() {}
    Ok(walk.done())
}

/// Goes through a table batch by batch, in the order of its key.
struct Walk<'t> {
    table: &'t Table,
    after: Option<Vec<Value>>,
    hash: Sha256,
    count: u64,
}

impl<'t> Walk<'t> {
    fn new(table: &'t Table) -> Self {
        Self { table, after: None, hash: Sha256::new(), count: 0 }
    }

    fn done(self) -> (Vec<u8>, u64) {
        (self.hash.finalize().to_vec(), self.count)
    }

    async fn next(&mut self, db: &Db) -> Result<Option<Vec<Vec<Value>>>> {
        let Table { name, key, columns } = *self.table;
        let mut query = Query::select();
        query.from(name).limit(BATCH);
        let backend = db.read().get_database_backend();
        for (column, _) in columns {
            query.column(*column);
        }
        let keys = &columns[..key];
        for (column, kind) in keys {
            query.order_by_expr(exact(column, *kind, backend), Order::Asc);
        }
        if name == NUMBERS.name {
            query.and_where(Expr::col("name").ne(UNDER_WAY));
        }
        if let Some(after) = &self.after {
            let columns = keys.iter().map(|(column, kind)| exact(column, *kind, backend));
            let values = after.iter().cloned().map(SimpleExpr::from);
            query.and_where(Expr::tuple(columns).gt(Expr::tuple(values)));
        }
        let mut rows = vec![];
        for row in db.read().query_all(&query).await? {
            rows.push(read(&row, columns)?);
        }
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = Some(last[..key].to_vec());
        self.count += rows.len() as u64;
        for value in rows.iter().flatten() {
            let text = format!("{value:?}");
            self.hash.update((text.len() as u64).to_be_bytes());
            self.hash.update(text);
        }
        Ok(Some(rows))
    }
}

/// A key column, compared byte by byte in both.
fn exact(column: &'static str, kind: Kind, backend: DbBackend) -> SimpleExpr {
    if kind == Text && backend == DbBackend::Postgres {
        return Expr::cust(format!("\"{column}\" COLLATE \"C\""));
    }
    Expr::col(Alias::new(column))
}

fn read(row: &QueryResult, columns: &[(&'static str, Kind)]) -> Result<Vec<Value>> {
    let value = |(name, kind): &(&'static str, Kind)| {
        Ok(match kind {
            Id => row.try_get::<Uuid>("", name)?.into(),
            MaybeId => row.try_get::<Option<Uuid>>("", name)?.into(),
            Text => row.try_get::<String>("", name)?.into(),
            MaybeText => row.try_get::<Option<String>>("", name)?.into(),
            Number => row.try_get::<i64>("", name)?.into(),
            MaybeNumber => row.try_get::<Option<i64>>("", name)?.into(),
            Flag => row.try_get::<bool>("", name)?.into(),
            Bytes => row.try_get::<Vec<u8>>("", name)?.into(),
            MaybeBytes => row.try_get::<Option<Vec<u8>>>("", name)?.into(),
        })
    };
    columns.iter().map(value).collect()
}

/// PostgreSQL gives out numbers from a counter that knows nothing of what was copied.
async fn move_counters_on(to: &Db) -> Result<()> {
    if to.write().get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in ["revocations", "audit_events"] {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce((SELECT max(id) FROM {table}), 0) + 1, false)"
        );
        to.write().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// The names of all tables and columns that are copied, for the test that
/// holds them against the schema.
pub fn known_columns() -> Vec<(String, Vec<String>)> {
    let columns =
        |table: &Table| table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    TABLES.iter().chain([&NUMBERS]).map(|table| (table.name.to_owned(), columns(table))).collect()
}
