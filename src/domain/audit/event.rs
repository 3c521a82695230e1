//! What an event is called.

/// What happened, by a name that is fixed: other programs search for it. Each
/// module declares its own in `events`, and lists them there in `ALL`;
/// `service::events` has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event(&'static str);

impl Event {
    /// The event of that name, as in `auth.login.ok`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name in the table and in the log.
    pub const fn name(self) -> &'static str {
        self.0
    }
}
