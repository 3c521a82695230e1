//! Audit events in words.

use crate::domain::audit::Event;
use crate::domain::{accounts, administration, credentials, one_time, sessions};
use crate::service::events;

/// Each event in words, as in "12:03 signed in".
const WORDS: &[(Event, &str)] = &[
    (accounts::events::REGISTERED, "the account was created"),
    (accounts::events::LOGIN_FAILED, "gave a wrong password"),
    (accounts::events::DENIED, "was denied access"),
    (sessions::events::LOGGED_IN, "signed in"),
    (sessions::events::LOGGED_OUT, "signed out"),
    (sessions::events::SESSION_ENDED, "ended a session"),
    (sessions::events::SESSION_ENDED_BY_STAFF, "was signed out by staff"),
    (sessions::events::EVERYONE_SIGNED_OUT, "everyone was signed out"),
    (sessions::events::TOKEN_REVOKED, "an access token was revoked"),
    (sessions::events::REFRESH_REUSE, "stolen session detected and ended"),
    (sessions::events::DATABASE_RESTORED, "presented a session newer than the database"),
    (sessions::events::BACKUP_RESTORED, "the database was restored from a backup"),
    (one_time::events::RECOVERY_STARTED, "a recovery link was created"),
    (credentials::events::SET_UP, "became the first administrator"),
    (credentials::events::CONFIRMED, "re-entered the password"),
    (credentials::events::PASSWORD_CHANGED, "changed the password"),
    (credentials::events::PASSWORD_RESET, "the password was reset"),
    (administration::events::ACCOUNT_DISABLED, "the account was disabled"),
    (administration::events::ACCOUNT_ENABLED, "the account was enabled"),
    (administration::events::ACCOUNT_EDITED, "the account was edited"),
    (administration::events::ACCOUNT_DELETED, "the account was deleted"),
    (administration::events::ROLES_CHANGED, "the roles were changed"),
    (administration::events::ROLE_CREATED, "a role was created"),
    (administration::events::ROLE_RENAMED, "a role was renamed"),
    (administration::events::ROLE_REMOVED, "a role was removed"),
    (administration::events::THROTTLE_LIFTED, "failed attempts were reset"),
    (administration::events::EXPORTED, "data was exported"),
    (events::STARTED, "the server started"),
    (events::STOPPED, "the server stopped"),
    (events::KEY_ROTATED, "a signing key was added"),
    (events::KEY_REVOKED, "a signing key was revoked"),
    (events::BACKED_UP, "a backup was written"),
];

/// What happened, in words; also where only a later version knows the event.
pub fn event(name: &str) -> &'static str {
    let words = WORDS.iter().find(|(event, _)| event.name() == name);
    words.map_or("did something", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_words_once() {
        assert_eq!(WORDS.len(), events::all().count());
        for one in events::all() {
            let words = WORDS.iter().filter(|(event, _)| *event == one);
            assert_eq!(words.count(), 1, "{one:?}");
        }
    }
}
