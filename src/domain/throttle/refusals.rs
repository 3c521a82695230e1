//! What the throttle refuses. The words for it are in `service::words`.

use time::Duration;

use crate::base::error::{Refusal, Subject};

/// Somebody guesses, or seems to. Its number is how long to wait, in milliseconds.
pub const TOO_MANY_ATTEMPTS: Refusal = Refusal::new("too-many-attempts", Subject::Whole);

/// The refusal that asks to wait so long.
pub(super) fn wait(wait: Duration) -> Refusal {
    TOO_MANY_ATTEMPTS.with(i64::try_from(wait.whole_milliseconds()).unwrap_or(i64::MAX))
}

/// How long to wait, if that is what `refusal` asks for.
pub fn wait_of(refusal: Refusal) -> Option<Duration> {
    let millis = refusal.number().filter(|_| refusal.is(TOO_MANY_ATTEMPTS));
    millis.map(Duration::milliseconds)
}
