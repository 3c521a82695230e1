//! Sessions: being signed in on one browser, from sign-in to end. `session` has
//! the words that all use, `handle` what all work with; `start`, `verify`,
//! `refresh`, `renew` and `end` are its life in this order, `refresh::rotation`
//! is the protocol of its tokens, and `revocation` makes its end known at once.

mod acting;
mod activity;
mod end;
mod epochs;
pub mod events;
mod handle;
mod list;
pub mod refresh;
pub mod refusals;
mod renew;
pub mod revocation;
pub mod search;
mod session;
mod start;
mod table;
pub mod tokens;
mod verify;

pub use self::acting::{Act, Actor};
#[cfg(feature = "test-support")]
pub use self::end::by_staff::Named;
pub use self::handle::Sessions;
#[cfg(feature = "test-support")]
pub use self::list::all_of;
pub use self::list::{Session, by_id, count_live, count_live_up_to, ids_of, last_seen, live_of};
pub use self::refresh::{Predecessor, Refreshed};
pub use self::renew::{Renewal, Renewed};
pub use self::session::{Audience, EndReason, Policy, Principal, SessionId};
pub use self::start::{NewSession, Replaces};
pub use self::table::tables;
pub use self::tokens::pair::Issued;
pub use self::verify::Access;
