//! What is not good any more. `revoke` writes the list that all processes
//! share, and `list` shows it; `index` is the same in the memory of a server,
//! so that every request can be checked against it; `tail` reads what others
//! added to the list, and `acknowledged` says how soon everybody had it.

pub mod acknowledged;
mod index;
mod list;
mod revoke;
mod table;
mod tail;

pub use self::index::Index;
pub use self::list::{Revocation, list};
pub use self::revoke::{OUTRIGHT, Revoked, revoke, stands_in_table};
pub(super) use self::revoke::{global_epoch, remove_expired};
pub use self::table::{Kind, tables};
