//! What the audit log tells of acts of staff.

use crate::domain::audit::Event;

/// An account was disabled.
pub const ACCOUNT_DISABLED: Event = Event::new("user.disabled");
/// An account was enabled again.
pub const ACCOUNT_ENABLED: Event = Event::new("user.enabled");
/// Staff gave an account other names.
pub const ACCOUNT_EDITED: Event = Event::new("user.edited");
/// An account and all that was kept about it was deleted.
pub const ACCOUNT_DELETED: Event = Event::new("user.deleted");
/// The roles of an account were changed.
pub const ROLES_CHANGED: Event = Event::new("role.changed");
/// A role was added to the list.
pub const ROLE_CREATED: Event = Event::new("role.created");
/// A role got another name, for everyone who has it.
pub const ROLE_RENAMED: Event = Event::new("role.renamed");
/// A role was taken from the list and from everyone who had it.
pub const ROLE_REMOVED: Event = Event::new("role.removed");
/// What was counted for an account was forgotten.
pub const THROTTLE_LIFTED: Event = Event::new("throttle.lifted");
/// The audit log or the list of accounts was taken out.
pub const EXPORTED: Event = Event::new("audit.exported");

/// Every event of this module.
pub const ALL: &[Event] = &[
    ACCOUNT_DISABLED,
    ACCOUNT_ENABLED,
    ACCOUNT_EDITED,
    ACCOUNT_DELETED,
    ROLES_CHANGED,
    ROLE_CREATED,
    ROLE_RENAMED,
    ROLE_REMOVED,
    THROTTLE_LIFTED,
    EXPORTED,
];
