//! What the audit log tells of sessions.

use crate::domain::audit::Event;

/// A session was started with the right password.
pub const LOGGED_IN: Event = Event::new("auth.login.ok");
/// A person ended the session themselves.
pub const LOGGED_OUT: Event = Event::new("auth.logout");
/// One session or all of an account's were ended by their owner.
pub const SESSION_ENDED: Event = Event::new("session.revoked");
/// Sessions were ended by somebody else.
pub const SESSION_ENDED_BY_STAFF: Event = Event::new("admin.session.revoke");
/// Every session there was has been ended.
pub const EVERYONE_SIGNED_OUT: Event = Event::new("admin.session.revoke_all");
/// One access token was revoked.
pub const TOKEN_REVOKED: Event = Event::new("token.revoked");
/// A refresh token came back after its successor was in use: a copy exists.
pub const REFRESH_REUSE: Event = Event::new("refresh.reuse");
/// A refresh token newer than the database.
pub const DATABASE_RESTORED: Event = Event::new("refresh.restored");
/// An older copy of the database was brought back.
pub const BACKUP_RESTORED: Event = Event::new("app.restored");

/// Every event of this module.
pub const ALL: &[Event] = &[
    LOGGED_IN,
    LOGGED_OUT,
    SESSION_ENDED,
    SESSION_ENDED_BY_STAFF,
    EVERYONE_SIGNED_OUT,
    TOKEN_REVOKED,
    REFRESH_REUSE,
    DATABASE_RESTORED,
    BACKUP_RESTORED,
];
