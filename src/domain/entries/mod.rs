//! Entries: being entering one host of an application with one session.
//! `handshake` is what the browser carries, `enter` how it gets in, `cookie`
//! what it shows from then on, `held` who has entered, and `leave` its end.

mod assertion;
mod cookie;
mod enter;
pub mod events;
mod handshake;
mod held;
mod leave;
pub mod refusals;
mod table;

pub use self::assertion::{Parties, Subject};
pub use self::cookie::issue as issue_cookie;
#[cfg(feature = "test-support")]
pub use self::cookie::read as read_cookie;
pub use self::enter::{NoEntry, code, enter, remove_expired};
pub use self::handshake::{Challenge, Nonce, State, Target};
pub use self::held::{Entries, Held, Over};
pub use self::leave::{carry_over, count, entered, leave};
pub use self::table::tables;
