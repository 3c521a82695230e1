//! What became of periodic tasks in this process.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use rocket::tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use rocket::tokio::time::timeout;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// When each task was done last in this process, and what failed.
#[derive(Default)]
pub struct Rounds {
    last: Mutex<HashMap<&'static str, Round>>,
    /// Read while a round is under way, written by a server that stops.
    under_way: RwLock<()>,
}

/// So long a server that stops waits for a round; the database may be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last time that a task was done.
#[derive(Clone, Debug)]
pub struct Round {
    /// When.
    pub at: Timestamp,
    /// The sentence of its error.
    pub failure: Option<String>,
}

impl Rounds {
    /// Begins a round, which a server that stops waits for.
    pub(super) async fn begin(&self) -> RwLockReadGuard<'_, ()> {
        self.under_way.read().await
    }

    /// Waits until no round is under way, and lets none begin while what it
    /// returns exists. `None` when a round takes too long.
    pub async fn stop(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        timeout(PATIENCE, self.under_way.write()).await.ok()
    }

    /// Of each task that was done in this process, by name.
    pub fn all(&self) -> HashMap<&'static str, Round> {
        self.last.lock().expect("no panic while the lock is held").clone()
    }

    pub(super) fn note(&self, task: &'static str, at: Timestamp, outcome: &Result<()>) {
        let failure = outcome.as_ref().err().map(ToString::to_string);
        if let Err(error) = outcome {
            ::metrics::counter!("doorward_task_failures_total", "task" => task).increment(1);
            let failed_before = self.all().get(task).is_some_and(|round| round.failure.is_some());
            // Once, not twice a second.
            if !failed_before {
                tracing::error!(task, %error, "task.failed");
            }
        }
        let mut rounds = self.last.lock().expect("no panic while the lock is held");
        rounds.insert(task, Round { at, failure });
    }
}

#[cfg(test)]
mod tests {
    use rocket::futures::FutureExt;

    use super::*;

    #[rocket::async_test]
    async fn a_server_stops_behind_the_round_that_is_under_way() {
        let rounds = Rounds::default();
        let round = rounds.begin().await;
        assert!(rounds.stop().now_or_never().is_none(), "it waits");
        drop(round);
        let stopped = rounds.stop().await;
        assert!(stopped.is_some() && rounds.begin().now_or_never().is_none(), "no more begin");
    }
}
