//! Personal tokens: what scripts show an application instead of signing in.
//! `format` is how one is written, `make` how it begins, `held` who shows it,
//! `usage` when it was shown last, and `revoke` its end.

pub mod events;
mod format;
mod held;
mod list;
mod make;
mod misuse;
mod new;
mod queue;
pub mod refusals;
mod revoke;
mod table;
mod usage;

pub use self::format::{Digest, is_ours};
pub use self::held::{Bearer, Presented, Tokens};
#[cfg(feature = "test-support")]
pub use self::list::State;
pub use self::list::{Listed, named, of_account};
#[cfg(feature = "test-support")]
pub use self::make::Made;
pub use self::make::{make_for, make_own};
pub use self::misuse::Known;
pub use self::new::{Expiry, NewToken, Reach};
pub use self::revoke::{
    forget_role, remove_expired, rename_role, revoke_all_of, revoke_by_staff, revoke_everyones,
    revoke_own,
};
pub use self::table::tables;
