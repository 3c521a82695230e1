//! What the audit log tells of applications.

use crate::domain::audit::Event;

/// An application was added.
pub const CREATED: Event = Event::new("application.created");
/// An application or its rules were changed.
pub const CHANGED: Event = Event::new("application.changed");
/// An application was removed.
pub const REMOVED: Event = Event::new("application.removed");

/// Every event of this module.
pub const ALL: &[Event] = &[CREATED, CHANGED, REMOVED];
