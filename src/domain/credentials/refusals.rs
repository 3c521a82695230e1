//! What changing passwords and setting up refuse. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// The new password is the old one.
pub const SAME_PASSWORD: Refusal = Refusal::new("same-password", Subject::NewPassword);
/// The setup token is wrong, used up or too old.
pub const SETUP_TOKEN_INVALID: Refusal = Refusal::new("setup-token-invalid", Subject::SetupToken);
