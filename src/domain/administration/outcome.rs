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
    /// Of how many accounts nothing was done, because a part before them failed.
    pub unreached: u64,
}

impl Outcome {
    /// What this and a later part of the same act did.
    pub(super) fn and(self, later: Self) -> Self {
        let events = match (self.events, later.events) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (earlier, later) => earlier.or(later),
        };
        Self {
            accounts: self.accounts + later.accounts,
            sessions: self.sessions + later.sessions,
            events,
            unreached: self.unreached + later.unreached,
        }
    }

    pub(super) fn told(&mut self, event: i64) {
        self.events = Some((self.events.map_or(event, |(first, _)| first), event));
    }
}
