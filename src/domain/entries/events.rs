//! What the audit log tells of entries.

use crate::domain::audit::Event;

/// A session entered a host of an application.
pub const ENTERED: Event = Event::new("application.entered");
/// A session left an application.
pub const LEFT: Event = Event::new("application.left");

/// Every event of this module.
pub const ALL: &[Event] = &[ENTERED, LEFT];
