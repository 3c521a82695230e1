//! Accounts: who may sign in, and as what.

mod account;
mod authenticate;
pub mod custom_roles;
pub mod events;
mod find;
mod id;
mod kind;
pub mod list;
pub mod names;
pub mod permissions;
pub mod refusals;
mod register;
mod rename;
mod searched;
mod tables;
mod update;

pub use self::account::{Account, Login, NewAccount};
pub use self::authenticate::{Passwords, note_login};
#[cfg(feature = "test-support")]
pub use self::find::count;
pub use self::find::{
    all_of, by_id, by_id_to_change, by_login_name, count_admins, highest_epoch, hold, hold_admins,
    hold_for_sign_in, hold_unchanged, most_failures, names_of,
};
pub use self::id::AccountId;
pub use self::kind::AccountKind;
pub use self::register::{hash_for, insert, insert_service, register};
pub use self::rename::set_names;
pub use self::update::{
    delete, forget_browsers, forget_locks, raise_epoch, set_disabled, set_locked_until,
    set_password_hash, unlock, write_roles,
};

/// The tables of this module.
pub fn tables() -> Vec<crate::base::store::Table> {
    [tables::tables(), searched::tables(), names::kept::tables()].concat()
}
