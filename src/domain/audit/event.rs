//! Audit event types.

/// What happened. The name is fixed: other programs search for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session was started with the right password.
    LoggedIn,
    /// A wrong password, or a name that nobody has.
    LoginFailed,
    /// A person ended the session themselves.
    LoggedOut,
    /// The password was given again for a sensitive act.
    Confirmed,
    /// A refresh token came back after its successor was in use: a copy exists.
    RefreshReuse,
    /// A refresh token newer than the database.
    DatabaseRestored,
    /// One session or all of an account's were ended by their owner.
    SessionEnded,
    /// Sessions were ended by somebody else.
    SessionEndedByStaff,
    /// Every session there was has been ended.
    EveryoneSignedOut,
    /// One access token was revoked.
    TokenRevoked,
    /// Somebody signed in asked for what their roles do not permit.
    Denied,
    /// An account was opened.
    Registered,
    /// The first administrator was made.
    SetUp,
    /// A password was changed by its owner.
    PasswordChanged,
    /// A password was set through a recovery link or the command line.
    PasswordReset,
    /// A recovery link was made.
    RecoveryStarted,
    /// The roles of an account were changed.
    RolesChanged,
    /// A role was added to the list.
    RoleCreated,
    /// A role got another name, for everyone who has it.
    RoleRenamed,
    /// A role was taken from the list and from everyone who had it.
    RoleRemoved,
    /// An account was disabled.
    AccountDisabled,
    /// An account was enabled again.
    AccountEnabled,
    /// An account and all that was kept about it was deleted.
    AccountDeleted,
    /// A key was added and signs from now on.
    KeyRotated,
    /// A key is not accepted any more.
    KeyRevoked,
    /// What was counted for an account was forgotten.
    ThrottleLifted,
    /// The audit log or the list of accounts was taken out.
    Exported,
    /// An older copy of the database was brought back.
    BackupRestored,
    /// A server began.
    Started,
    /// A server ended as it should.
    Stopped,
}

/// Each with its name in the table and the log, and in words.
const ALL: [(Event, &str, &str); 30] = [
    (Event::LoggedIn, "auth.login.ok", "signed in"),
    (Event::LoginFailed, "auth.login.fail", "gave a wrong password"),
    (Event::LoggedOut, "auth.logout", "logged out"),
    (Event::Confirmed, "auth.reauth", "gave the password again"),
    (
        Event::RefreshReuse,
        "refresh.reuse",
        "a copy of the session was used, and the session was ended",
    ),
    (Event::DatabaseRestored, "refresh.restored", "came with a session newer than the database"),
    (Event::SessionEnded, "session.revoked", "ended a session"),
    (Event::SessionEndedByStaff, "admin.session.revoke", "was signed out by staff"),
    (Event::EveryoneSignedOut, "admin.session.revoke_all", "everyone was signed out"),
    (Event::TokenRevoked, "token.revoked", "an access token was revoked"),
    (Event::Denied, "authz.denied", "was refused a page for staff"),
    (Event::Registered, "user.registered", "the account was opened"),
    (Event::SetUp, "bootstrap.used", "became the first administrator"),
    (Event::PasswordChanged, "password.changed", "changed the password"),
    (Event::PasswordReset, "password.reset.done", "the password was set anew"),
    (Event::RecoveryStarted, "password.reset.requested", "a recovery link was made"),
    (Event::RolesChanged, "role.changed", "the roles were changed"),
    (Event::RoleCreated, "role.created", "a role was added"),
    (Event::RoleRenamed, "role.renamed", "a role was renamed"),
    (Event::RoleRemoved, "role.removed", "a role was removed"),
    (Event::AccountDisabled, "user.disabled", "the account was switched off"),
    (Event::AccountEnabled, "user.enabled", "the account was switched on"),
    (Event::AccountDeleted, "user.deleted", "the account was deleted"),
    (Event::KeyRotated, "key.rotated", "a signing key was added"),
    (Event::KeyRevoked, "key.revoked", "a signing key was revoked"),
    (Event::ThrottleLifted, "throttle.lifted", "failed attempts were forgiven"),
    (Event::Exported, "audit.exported", "data was exported"),
    (Event::BackupRestored, "app.restored", "the database was brought back from a backup"),
    (Event::Started, "app.start", "the server started"),
    (Event::Stopped, "app.stop", "the server stopped"),
];

impl Event {
    /// Every event.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|(event, ..)| event)
    }

    /// The name in the table and in the log.
    pub fn name(self) -> &'static str {
        ALL[self as usize].1
    }

    /// The same for people, as in "12:03 signed in".
    pub fn words(self) -> &'static str {
        ALL[self as usize].2
    }

    /// The event of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|event| event.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_stands_in_its_place_under_a_name_of_its_own() {
        for (place, (event, name, _)) in ALL.into_iter().enumerate() {
            assert_eq!(event as usize, place);
            assert_eq!(Event::parse(name), Some(event));
        }
    }
}
