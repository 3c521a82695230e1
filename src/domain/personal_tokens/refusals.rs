//! What is refused about personal tokens. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// It needs a name, and no name is so long or has such characters.
pub const NAME: Refusal = Refusal::new("token-name", Subject::Field("name", "Name"));
/// A token that opens nothing is none.
pub const NO_APPLICATION: Refusal =
    Refusal::new("token-no-application", Subject::Field("applications", "Applications"));
/// The account does not have that role.
pub const ROLE: Refusal = Refusal::new("token-role", Subject::Field("roles", "Roles"));
/// That is no network.
pub const NETWORK: Refusal = Refusal::new("token-network", Subject::Field("networks", "Networks"));
/// No token may be good for so long.
pub const EXPIRY: Refusal = Refusal::new("token-expiry", Subject::Field("days", "Expires"));
/// The account has as many as it can have.
pub const TOO_MANY: Refusal = Refusal::new("token-too-many", Subject::Whole);
/// Nobody else makes a token for a person.
pub const NOT_A_SERVICE: Refusal = Refusal::new("token-not-a-service", Subject::Whole);
