//! What an act on accounts did.

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// To how many accounts.
    pub accounts: u64,
    /// How many sessions ended by it.
    pub sessions: u64,
    /// The first and the last audit event that tell of it.
    pub events: Option<(i64, i64)>,
}

impl Outcome {
    pub(super) fn told(&mut self, event: i64) {
        self.events = Some((self.events.map_or(event, |(first, _)| first), event));
    }
}
