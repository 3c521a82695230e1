//! One-time tokens, good once and for one purpose; the database has their
//! hashes. `token` makes and uses them up; `recovery`, `setup` and `held_form`
//! are what they are for.

pub mod events;
mod held_form;
mod recovery;
mod restore;
mod setup;
mod table;
mod token;

#[cfg(feature = "test-support")]
pub use self::held_form::HELD_FORM_LIFE;
pub use self::held_form::{HeldForm, forget_held_form, held_form, hold};
pub use self::recovery::{made_with, note_form, recovering, start_recovery};
pub use self::restore::end_after_restore;
pub use self::setup::{SETUP_LIFE, start_setup};
pub use self::table::{TokenPurpose, tables};
#[cfg(feature = "test-support")]
pub use self::token::NewToken;
pub use self::token::{find, remove_expired, use_up, void};
