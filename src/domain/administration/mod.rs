//! What staff and the operator do to accounts, each in an
//! [`Act`](crate::domain::sessions::Act). The last administrator is kept in the
//! same transaction that could remove it.

mod bulk;
mod edit;
pub mod events;
mod export;
mod invite;
mod many;
mod outcome;
mod recovery;
pub mod refusals;
mod roles;
mod safeguards;
mod table;
mod undo;
mod undoable;

pub use self::bulk::{BulkAction, apply, delete_own};
pub use self::edit::{Edit, edit, set_own_display_name};
pub use self::export::note_export;
pub use self::invite::{add_account, add_service, invite};
pub use self::outcome::Outcome;
pub use self::recovery::{lift_throttle, start_recovery};
pub use self::roles::{
    Change, RoleChange, change_role, create_role, remove_role, rename_role, set_roles,
};
pub use self::safeguards::is_last_admin;
pub use self::table::{UndoKind, tables};
pub use self::undo::{Undone, undo};
pub use self::undoable::forget_old;
