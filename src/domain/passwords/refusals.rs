//! What a new password is refused for. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// Fewer characters than its number.
pub const PASSWORD_TOO_SHORT: Refusal = Refusal::new("password-too-short", Subject::NewPassword);
/// On the list of common passwords.
pub const PASSWORD_COMMON: Refusal = Refusal::new("password-common", Subject::NewPassword);
/// Guessed within a million tries.
pub const PASSWORD_TOO_SIMPLE: Refusal = Refusal::new("password-too-simple", Subject::NewPassword);
/// A name of the person or of the service, and nothing else but digits and signs.
pub const PASSWORD_CONTAINS_CONTEXT: Refusal =
    Refusal::new("password-contains-context", Subject::NewPassword);
