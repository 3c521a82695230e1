//! What the audit log tells of passwords.

use crate::domain::audit::Event;

/// The first administrator was made.
pub const SET_UP: Event = Event::new("bootstrap.used");
/// The password was given again for a sensitive act.
pub const CONFIRMED: Event = Event::new("auth.reauth");
/// A password was changed by its owner.
pub const PASSWORD_CHANGED: Event = Event::new("password.changed");
/// A password was set through a recovery link or the command line.
pub const PASSWORD_RESET: Event = Event::new("password.reset.done");

/// Every event of this module.
pub const ALL: &[Event] = &[SET_UP, CONFIRMED, PASSWORD_CHANGED, PASSWORD_RESET];
