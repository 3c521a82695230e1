//! What is refused about entering. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// A session tries to enter more often than people do.
pub const TOO_OFTEN: Refusal = Refusal::new("entered-too-often", Subject::Whole);
