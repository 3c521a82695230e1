//! Every secret the server signs with, one random key per purpose. `ring` says
//! what rotating and revoking a key means; `file` keeps it on disk;
//! `purpose` has the table of what keys are for.

mod es256;
mod file;
pub mod in_use;
mod key;
mod purpose;
pub mod refusals;
mod ring;
#[cfg_attr(not(feature = "test-support"), expect(dead_code, reason = "nothing is encrypted yet"))]
mod sealed;

pub use self::file::Keys;
pub use self::key::Key;
pub use self::purpose::{Lives, Purpose};
pub use self::ring::{OLD, Ring};
