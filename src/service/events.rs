//! What the audit log tells of the server and its keys, and the list of all events.

use crate::domain::audit::Event;
use crate::domain::{
    accounts, administration, applications, credentials, entries, one_time, personal_tokens,
    sessions,
};

/// A server began.
pub const STARTED: Event = Event::new("app.start");
/// A server ended as it should.
pub const STOPPED: Event = Event::new("app.stop");
/// A key was added and signs from now on.
pub const KEY_ROTATED: Event = Event::new("key.rotated");
/// A key is not accepted any more.
pub const KEY_REVOKED: Event = Event::new("key.revoked");
/// The database was copied to a file.
pub const BACKED_UP: Event = Event::new("backup.written");

/// The events of every module.
const MODULES: [&[Event]; 9] = [
    accounts::events::ALL,
    sessions::events::ALL,
    one_time::events::ALL,
    credentials::events::ALL,
    administration::events::ALL,
    applications::events::ALL,
    entries::events::ALL,
    personal_tokens::events::ALL,
    &[STARTED, STOPPED, KEY_ROTATED, KEY_REVOKED, BACKED_UP],
];

/// Every event.
pub fn all() -> impl Iterator<Item = Event> {
    MODULES.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_events_have_the_same_name() {
        let names: BTreeSet<&str> = all().map(Event::name).collect();
        assert_eq!(names.len(), all().count());
    }
}
