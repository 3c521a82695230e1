//! Why sessions ended, in a word for staff.

use crate::domain::sessions::EndReason;

/// Why a session ended.
pub(super) fn words(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Idle => "not used for a while",
        EndReason::Absolute => "maximum length reached",
        EndReason::LoggedOut => "signed out",
        EndReason::Replaced => "signed in again in the same browser",
        EndReason::EndedElsewhere => "signed out from another browser",
        EndReason::Evicted => "maximum number of sessions reached",
        EndReason::ByStaff => "ended by staff",
        EndReason::Disabled => "account disabled",
        EndReason::PasswordChanged => "password changed",
        EndReason::Reuse => "stolen session detected",
        EndReason::KeyRevoked => "signing key revoked",
        EndReason::Restored => "backup restored",
        EndReason::Renewed => "continued under a new name",
    }
}

/// Why something was revoked. What is no name of an end is words already.
pub fn revoked_because(reason: &str) -> &str {
    match EndReason::parse(reason) {
        Some(end) => words(end),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_end_becomes_words_and_words_stay() {
        for (reason, expected) in [
            ("logged_out", "signed out"),
            ("by_admin", "ended by staff"),
            ("reuse", "stolen session detected"),
            ("roles changed", "roles changed"),
            ("", ""),
        ] {
            assert_eq!(revoked_because(reason), expected);
        }
    }

    #[test]
    fn the_name_of_an_end_is_its_own() {
        for reason in [EndReason::LoggedOut, EndReason::ByStaff, EndReason::Renewed] {
            assert_eq!(EndReason::parse(&reason.name()), Some(reason));
        }
        assert_eq!(EndReason::LoggedOut.name(), "logged_out");
    }
}
