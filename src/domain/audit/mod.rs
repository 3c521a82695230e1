//! The audit log: what happened, to whom, from where. Rows are written in the
//! transaction of the change they describe, so that neither exists without the other.

pub mod chain;
mod detail;
mod entry;
mod event;
mod order;
mod query;
mod seals;
mod table;

pub use self::detail::Detail;
pub use self::entry::{Entry, RequestSource, record, session_reference};
pub use self::event::Event;
pub use self::query::{Filter, RecordedEvent, about, accounts_in, began_at, list, newer, newest};
pub use self::seals::tables as tables_of_seals;
pub use self::table::tables;
