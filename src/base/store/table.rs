//! A table as a whole, for everything that concerns every table: the copy of the database, the
//! personal data export and the deletion of an account. Its columns are those of its entity; what
//! it is to the accounts that it names is stated where it is declared.

use std::pin::Pin;

use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn,
    PrimaryKeyTrait,
};
use serde::Serialize;
use uuid::Uuid;

use crate::base::error::{Error, Result};

/// A table. Each module describes its own, by its entities.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, those of the key first.
    pub columns: Vec<Column>,
    /// How many of the columns are its key.
    pub key: usize,
    /// Whether the database gives a new row its number.
    pub is_numbered: bool,
    /// What of it an account's personal data export has.
    pub exported: Exported,
    /// The columns that name accounts, and what becomes of a row when the account is deleted.
    #[cfg_attr(
        not(feature = "test-support"),
        expect(dead_code, reason = "for tests and documents")
    )]
    pub accounts: Vec<(&'static str, AtDeletion)>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether it may hold nothing.
    pub is_null: bool,
}

/// What of a table the personal data export of an account has.
#[derive(Clone, Copy, Debug)]
pub enum Exported {
    /// What stands in the export itself, not in an array.
    Fields(Read),
    /// Rows, as an array in the field of that name.
    Rows(&'static str, Read),
    /// Nothing, for this reason.
    #[cfg_attr(not(feature = "test-support"), expect(dead_code, reason = "for documents"))]
    Nothing(&'static str),
}

/// Reads what an account's export has of a table: for rows a batch from before
/// the row of that number, which is `i64::MAX` for the first one.
pub type Read = for<'a> fn(&'a DatabaseConnection, Uuid, i64) -> Reading<'a>;

/// What a [`Read`] returns.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Batch>> + Send + 'a>>;

/// A part of what an export has of a table.
#[derive(Debug)]
pub struct Batch {
    /// Each row as JSON; one of all fields for [`Exported::Fields`].
    pub rows: Vec<String>,
    /// Before which number the next batch is read; `None` behind the last one.
    pub next: Option<i64>,
}

/// What becomes of a row when an account that it names is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtDeletion {
    /// It is removed in the same transaction, by its foreign key.
    Removed,
    /// The column is emptied by its foreign key, and the rest is kept for this reason.
    Cleared(&'static str),
    /// It is kept, as long as this says and for this reason.
    Kept(&'static str),
}

impl Batch {
    /// All rows there are.
    ///
    /// # Errors
    /// A row cannot be written as JSON.
    pub fn all(rows: impl IntoIterator<Item = impl Serialize>) -> Result<Self> {
        let json = |row| serde_json::to_string(&row).map_err(not_written);
        Ok(Self { rows: rows.into_iter().map(json).collect::<Result<_>>()?, next: None })
    }

    /// The fields of an object for [`Exported::Fields`], one a line.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn fields(object: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_string_pretty(object).map_err(not_written)?;
        let fields = json.trim_start_matches("{\n").trim_end_matches("\n}");
        Ok(Self { rows: vec![fields.to_owned()], next: None })
    }
}

fn not_written(why: serde_json::Error) -> Error {
    Error::broken(format!("The data cannot be written: {why}."))
}

impl Table {
    /// The table of an entity whose rows name accounts in these columns.
    pub fn naming_accounts<E: EntityTrait>(
        exported: Exported,
        accounts: &[(E::Column, AtDeletion)],
    ) -> Self {
        let accounts = accounts.iter().map(|(column, then)| (column.as_str(), *then)).collect();
        Self { accounts, ..Self::of::<E>(exported) }
    }

    /// The table of an entity no row of which can be told to be an account's, and why.
    pub fn naming_nobody<E: EntityTrait>(why: &'static str) -> Self {
        Self::of::<E>(Exported::Nothing(why))
    }

    fn of<E: EntityTrait>(exported: Exported) -> Self {
        let column = |column: E::Column| {
            let about = column.def();
            let (name, is_null) = (column.as_str(), about.is_null());
            Column { name, kind: about.get_column_type().clone(), is_null }
        };
        let mut columns: Vec<Column> =
            E::PrimaryKey::iter().map(|key| column(key.into_column())).collect();
        let key = columns.len();
        for other in E::Column::iter().map(column) {
            if columns.iter().all(|known| known.name != other.name) {
                columns.push(other);
            }
        }
        let is_numbered = E::PrimaryKey::auto_increment();
        let name = E::default().table_name();
        Self { name, columns, key, is_numbered, exported, accounts: vec![] }
    }
}
