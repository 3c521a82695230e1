//! Exports: the audit log and the list of accounts, as CSV and as
//! JSON lines, however long they are.

mod accounts;
mod events;
mod format;
mod names;
mod own_events;
mod screens;

pub use self::accounts::accounts;
pub use self::events::events;
pub use self::format::Format;
pub use self::own_events::OWN_EVENTS;
pub use self::screens::Lines;
