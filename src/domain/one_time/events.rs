//! What the audit log tells of one-time tokens.

use crate::domain::audit::Event;

/// A recovery link was made.
pub const RECOVERY_STARTED: Event = Event::new("password.reset.requested");

/// Every event of this module.
pub const ALL: &[Event] = &[RECOVERY_STARTED];
