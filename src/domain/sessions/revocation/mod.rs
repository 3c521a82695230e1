//! What is not good any more. `table` is the list that all processes share;
//! `index` is the same in the memory of a server, so that every request can be
//! held against it; `tail` reads what others added to the table.

mod acknowledged;
mod index;
mod table;
mod tail;

use sea_orm::entity::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

pub use self::index::Index;
pub use self::table::{Revocation, Revoked, list, revoke, stands_in_table};
pub(super) use self::table::{global_epoch, remove_expired};

/// Refused outright: no version is good enough.
pub const OUTRIGHT: i64 = i64::MAX;

/// What a revocation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Kind {
    /// One access token, by its `jti`.
    Token,
    /// One session, by its `sid`: all generations below `min_version`.
    Session,
    /// One account, by its `sub`: all epochs below `min_version`.
    Account,
    /// Everyone: all epochs below `min_version`.
    Global,
}
