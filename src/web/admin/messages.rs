//! Messages that several pages of staff show.

use crate::domain::administration::Outcome;
use crate::web::answer::message::{Message, Note};

/// Nothing was to be changed.
pub(super) const UNCHANGED: Message = Message::notice("unchanged", "No changes were needed.");
/// Staff ended sessions.
pub(super) const SESSIONS_ENDED: Message = Message::done("sessions-ended", "Sessions ended: {0}.");
/// The account has permissions that the person acting on it lacks.
pub(super) const TARGET_OUTRANKS_ACTOR: Message = Message::warning(
    "target-outranks-actor",
    "Nothing was done: this account has permissions that yours does not have. Please ask an administrator.",
);

const STOPPED: &str = "Stopped before the end. Accounts changed: {0}. Not changed: {1}. The reason is in the server's log.";
/// An act on many was done to some of them.
const STOPPED_FOR_GOOD: Message = Message::warning("stopped", STOPPED);
/// The same, where they were disabled.
const STOPPED_DISABLING: Message =
    Message::warning("stopped-disabling", STOPPED).undone_at("/admin/undo/disable");
/// The same, where their roles changed.
const STOPPED_ROLES: Message =
    Message::warning("stopped-roles", STOPPED).undone_at("/admin/undo/roles");

/// The messages of this file.
pub(super) const MESSAGES: &[Message] = &[
    UNCHANGED,
    SESSIONS_ENDED,
    TARGET_OUTRANKS_ACTOR,
    STOPPED_FOR_GOOD,
    STOPPED_DISABLING,
    STOPPED_ROLES,
];

/// `message` about what was done, with an undo where there is one.
pub(super) fn about(message: Message, done: &Outcome) -> Note {
    let (first, last) = done.events.unwrap_or_default();
    if done.unreached > 0 {
        let all = [STOPPED_DISABLING, STOPPED_ROLES];
        let stopped = all.into_iter().find(|one| one.undone_by() == message.undone_by());
        let numbers = [done.accounts as i64, done.unreached as i64, first, last];
        return stopped.unwrap_or(STOPPED_FOR_GOOD).with(numbers);
    }
    let message = if done.accounts == 0 { UNCHANGED } else { message };
    message.with([done.accounts as i64, done.sessions as i64, first, last])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_that_stopped_is_told_with_its_own_undo() {
        let stopped = Outcome { accounts: 112, unreached: 8888, ..Outcome::default() };
        for undo in [None, Some("/admin/undo/disable"), Some("/admin/undo/roles")] {
            let done = Message::done("x", "Accounts: {0}");
            let done = undo.map_or(done, |path| done.undone_at(path));
            let told = about(done, &stopped).message();
            assert_eq!(told.undone_by(), undo);
            assert!(MESSAGES.contains(&told) && told != done);
        }
    }
}
