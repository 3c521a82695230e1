//! What revoking refuses. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// What was pasted to be revoked is nothing that could be.
pub const UNKNOWN_TOKEN: Refusal = Refusal::new("unknown-token", Subject::RevokedToken);
