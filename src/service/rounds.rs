//! What became of periodic tasks in this process.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// When each task was done last in this process, and what failed.
#[derive(Default)]
pub struct Rounds(Mutex<HashMap<&'static str, Round>>);

/// The last time that a task was done.
#[derive(Clone, Debug)]
pub struct Round {
    /// When.
    pub at: Timestamp,
    /// The sentence of its error.
    pub failure: Option<String>,
}

impl Rounds {
    /// Of each task that was done in this process, by name.
    pub fn all(&self) -> HashMap<&'static str, Round> {
        self.0.lock().expect("no panic while the lock is held").clone()
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
        let mut rounds = self.0.lock().expect("no panic while the lock is held");
        rounds.insert(task, Round { at, failure });
    }
}
