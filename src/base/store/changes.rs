//! Numbers by which a process notices that it changed something it showed
//! before: what a page was drawn from stays good until its number is another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Accounts share these counters, so that a million of them need no more memory than one.
const PLACES: usize = 4096;

/// The counters of one process.
#[derive(Clone, Debug)]
pub(super) struct Changes(Arc<Vec<AtomicU64>>);

impl Default for Changes {
    fn default() -> Self {
        Self(Arc::new((0..PLACES).map(|_| AtomicU64::new(0)).collect()))
    }
}

impl Changes {
    /// Something shown about an account has changed.
    pub(super) fn touch(&self, account: Uuid) {
        self.of(account).fetch_add(1, Ordering::AcqRel);
    }

    /// The same about every account.
    pub(super) fn touch_all(&self) {
        for change in self.0.iter() {
            change.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Another number after each change.
    pub(super) fn version(&self, account: Uuid) -> u64 {
        self.of(account).load(Ordering::Acquire)
    }

    fn of(&self, account: Uuid) -> &AtomicU64 {
        &self.0[account.as_u128() as usize % PLACES]
    }
}
