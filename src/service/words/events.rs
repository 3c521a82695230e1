//! Audit events in words.

use crate::domain::audit::Event;
use crate::domain::{
    accounts, administration, applications, credentials, entries, one_time, personal_tokens,
    sessions,
};
use crate::service::events;

/// Each event in words, as in "12:03 signed in", and as what its actor did.
const WORDS: &[(Event, &str, &str)] = &[
    (accounts::events::REGISTERED, "the account was created", "created the account"),
    (accounts::events::LOGIN_FAILED, "gave a wrong password", "gave a wrong password"),
    (accounts::events::DENIED, "was denied access", "was denied access"),
    (sessions::events::LOGGED_IN, "signed in", "signed in"),
    (sessions::events::LOGGED_OUT, "signed out", "signed out"),
    (sessions::events::SESSION_ENDED, "ended a session", "ended a session"),
    (sessions::events::SESSION_ENDED_BY_STAFF, "was signed out by staff", "signed out"),
    (sessions::events::EVERYONE_SIGNED_OUT, "everyone was signed out", "signed everyone out"),
    (sessions::events::TOKEN_REVOKED, "an access token was revoked", "revoked an access token"),
    (
        sessions::events::REFRESH_REUSE,
        "stolen session detected and ended",
        "detected and ended a stolen session",
    ),
    (
        sessions::events::DATABASE_RESTORED,
        "presented a session newer than the database",
        "presented a session newer than the database",
    ),
    (
        sessions::events::BACKUP_RESTORED,
        "the database was restored from a backup",
        "restored the database from a backup",
    ),
    (one_time::events::RECOVERY_STARTED, "a recovery link was created", "created a recovery link"),
    (
        credentials::events::SET_UP,
        "became the first administrator",
        "became the first administrator",
    ),
    (credentials::events::CONFIRMED, "re-entered the password", "re-entered the password"),
    (credentials::events::PASSWORD_CHANGED, "changed the password", "changed the password"),
    (credentials::events::PASSWORD_RESET, "the password was reset", "reset the password"),
    (administration::events::ACCOUNT_DISABLED, "the account was disabled", "disabled the account"),
    (administration::events::ACCOUNT_ENABLED, "the account was enabled", "enabled the account"),
    (administration::events::ACCOUNT_EDITED, "the account was edited", "edited the account"),
    (administration::events::ACCOUNT_DELETED, "the account was deleted", "deleted the account"),
    (administration::events::ROLES_CHANGED, "the roles were changed", "changed the roles"),
    (administration::events::ROLE_CREATED, "a role was created", "created a role"),
    (administration::events::ROLE_RENAMED, "a role was renamed", "renamed a role"),
    (administration::events::ROLE_REMOVED, "a role was removed", "removed a role"),
    (
        administration::events::THROTTLE_LIFTED,
        "failed attempts were reset",
        "reset failed attempts",
    ),
    (administration::events::EXPORTED, "data was exported", "exported data"),
    (applications::events::CREATED, "an application was added", "added an application"),
    (applications::events::CHANGED, "an application was changed", "changed an application"),
    (applications::events::REMOVED, "an application was removed", "removed an application"),
    (entries::events::ENTERED, "opened an application", "opened an application"),
    (entries::events::LEFT, "left an application", "left an application"),
    (personal_tokens::events::MADE, "a personal token was created", "created a personal token"),
    (personal_tokens::events::REVOKED, "a personal token was revoked", "revoked a personal token"),
    (
        personal_tokens::events::MISUSED,
        "a personal token was refused",
        "was refused with a personal token",
    ),
    (events::STARTED, "the server started", "started"),
    (events::STOPPED, "the server stopped", "stopped"),
    (events::KEY_ROTATED, "a signing key was added", "added a signing key"),
    (events::KEY_REVOKED, "a signing key was revoked", "revoked a signing key"),
    (events::BACKED_UP, "a backup was written", "wrote a backup"),
];

/// What happened, in words; also where only a later version knows the event.
pub fn event(name: &str) -> &'static str {
    find(name).0
}

/// The same as what somebody did, to stand between who it was and to whom.
pub fn action(name: &str) -> &'static str {
    find(name).1
}

fn find(name: &str) -> (&'static str, &'static str) {
    let words = WORDS.iter().find(|(event, ..)| event.name() == name);
    words.map_or(("did something", "did something"), |(_, words, action)| (words, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_words_once() {
        for one in events::all() {
            let words = WORDS.iter().filter(|(event, ..)| *event == one);
            assert_eq!(words.count(), 1, "{one:?} belongs into `WORDS` of this file, once");
        }
        for (event, ..) in WORDS {
            assert!(events::all().any(|one| one == *event), "{event:?} is declared nowhere");
        }
    }
}
