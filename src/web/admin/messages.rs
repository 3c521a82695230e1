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

/// The messages of this file.
pub(super) const MESSAGES: &[Message] = &[UNCHANGED, SESSIONS_ENDED, TARGET_OUTRANKS_ACTOR];

/// `message` about what was done, with an undo where there is one.
pub(super) fn about(message: Message, done: &Outcome) -> Note {
    let (first, last) = done.events.unwrap_or_default();
    let message = if done.accounts == 0 { UNCHANGED } else { message };
    message.with([done.accounts as i64, done.sessions as i64, first, last])
}
