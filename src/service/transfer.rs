//! Copies a whole database to another engine.

use sea_orm::sea_query::{
    Alias, ColumnType, Expr, ExprTrait, OnConflict, Order, Query, SimpleExpr,
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, TryGetable, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::base::store::{Column, Db, Table};
use crate::service::catalog;

/// The table of the service's own numbers.
const NUMBERS: &str = "service";

/// Stands among the target's numbers while a copy is under way.
const UNDER_WAY: &str = "copy_under_way";

const BATCH: u64 = 500;

/// Copies every row, and compares. An interrupted copy is resumed. Tells
/// `progress` each table with its rows. Returns how many rows there are.
///
/// # Errors
/// The target has rows of its own; the two differ afterwards; a database failed.
pub async fn copy(from: &Db, to: &Db, mut progress: impl FnMut(&str, u64)) -> Result<u64> {
    let tables = catalog::tables();
    begin(to, &tables).await?;
    let mut all = 0;
    for table in &tables {
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
    move_counters_on(to, &tables).await?;
    let done =
        Query::delete().from_table(NUMBERS).and_where(Expr::col("name").eq(UNDER_WAY)).to_owned();
    to.write().execute(&done).await?;
    Ok(all)
}

/// A target must be empty, but for what an interrupted copy left in it.
async fn begin(to: &Db, tables: &[Table]) -> Result<()> {
    let marked = Query::select()
        .expr(Expr::val(1))
        .from(NUMBERS)
        .and_where(Expr::col("name").eq(UNDER_WAY))
        .to_owned();
    if to.read().query_one(&marked).await?.is_some() {
        return Ok(());
    }
    for table in tables {
        let some = Query::select().expr(Expr::val(1)).from(table.name).limit(1).to_owned();
        if to.read().query_one(&some).await?.is_some() {
            return Err(Error::broken(format!(
                "The target is not empty: it has rows in the table {}.",
                table.name
            )));
        }
    }
    let mark = Query::insert()
        .into_table(NUMBERS)
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
        insert.into_table(table.name).columns(table.columns.iter().map(|column| column.name));
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
        let Table { name, key, ref columns, .. } = *self.table;
        let mut query = Query::select();
        query.from(name).limit(BATCH);
        let backend = db.read().get_database_backend();
        for column in columns {
            query.column(column.name);
        }
        let keys = &columns[..key];
        for column in keys {
            query.order_by_expr(exact(column, backend), Order::Asc);
        }
        if name == NUMBERS {
            query.and_where(Expr::col("name").ne(UNDER_WAY));
        }
        if let Some(after) = &self.after {
            let columns = keys.iter().map(|column| exact(column, backend));
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
fn exact(Column { name, kind, .. }: &Column, backend: DbBackend) -> SimpleExpr {
    if matches!(kind, ColumnType::String(_)) && backend == DbBackend::Postgres {
        return Expr::cust(format!("\"{name}\" COLLATE \"C\""));
    }
    Expr::col(Alias::new(*name))
}

fn read(row: &QueryResult, columns: &[Column]) -> Result<Vec<Value>> {
    fn value<T: TryGetable + Into<Value>>(row: &QueryResult, column: &Column) -> Result<Value>
    where
        Option<T>: Into<Value>,
    {
        Ok(if column.is_null {
            row.try_get::<Option<T>>("", column.name)?.into()
        } else {
            row.try_get::<T>("", column.name)?.into()
        })
    }
    let read = |column: &Column| match column.kind {
        ColumnType::Uuid => value::<Uuid>(row, column),
        ColumnType::String(_) | ColumnType::Text => value::<String>(row, column),
        ColumnType::BigInteger => value::<i64>(row, column),
        ColumnType::Boolean => value::<bool>(row, column),
        ColumnType::VarBinary(_) => value::<Vec<u8>>(row, column),
        _ => Err(Error::broken(format!("The column {} cannot be copied.", column.name))),
    };
    columns.iter().map(read).collect()
}

/// PostgreSQL gives out numbers from a counter that knows nothing of what was copied.
async fn move_counters_on(to: &Db, tables: &[Table]) -> Result<()> {
    if to.write().get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for Table { name: table, .. } in tables.iter().filter(|table| table.is_numbered) {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce((SELECT max(id) FROM {table}), 0) + 1, false)"
        );
        to.write().execute_unprepared(&sql).await?;
    }
    Ok(())
}
