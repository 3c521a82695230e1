//! A table as a whole, as its entity describes it, for those who copy it.

use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait,
};

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

impl Table {
    /// The table of an entity.
    pub fn of<E: EntityTrait>() -> Self {
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
        Self { name: E::default().table_name(), columns, key, is_numbered }
    }
}
