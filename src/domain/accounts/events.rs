//! What the audit log tells of accounts.

use crate::domain::audit::Event;

/// An account was opened.
pub const REGISTERED: Event = Event::new("user.registered");
/// A wrong password, or a name that nobody has.
pub const LOGIN_FAILED: Event = Event::new("auth.login.fail");
/// Somebody signed in asked for what their roles do not permit.
pub const DENIED: Event = Event::new("authz.denied");

/// Every event of this module.
pub const ALL: &[Event] = &[REGISTERED, LOGIN_FAILED, DENIED];
