//! What the key ring refuses. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// The ring comes from a variable, which this program cannot change.
pub const KEYS_IN_VARIABLE: Refusal = Refusal::new("keys-in-variable", Subject::Whole);
