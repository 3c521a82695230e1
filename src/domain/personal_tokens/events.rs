//! What the audit log tells of personal tokens.

use crate::domain::audit::Event;

/// A personal token was made.
pub const MADE: Event = Event::new("personal_token.made");
/// A personal token was revoked, or all of an account or of everyone.
pub const REVOKED: Event = Event::new("personal_token.revoked");
/// A personal token was shown where or when it is not good.
pub const MISUSED: Event = Event::new("personal_token.misused");

/// Every event of this module.
pub const ALL: &[Event] = &[MADE, REVOKED, MISUSED];
