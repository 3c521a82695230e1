//! The database: `db` opens it and begins to write, `shared` is what several
//! servers on one PostgreSQL need of it.

mod address;
mod changes;
mod conflict;
mod count;
mod db;
pub mod numbers;
pub mod shared;
mod table;

pub use self::address::{has_password, sqlite_file};
pub use self::conflict::{Retry, is_taken, unless_taken};
pub use self::count::Count;
pub use self::db::{Db, Options, Txn};
pub use self::shared::{Heard, Hold, Listener};
pub use self::table::{AtDeletion, Batch, Column, Exported, Table};
