//! Periodic work of a server: one list of tasks and one
//! runner. A task that fails is logged once, counted, and tried again in its
//! next round; `/admin/doctor` shows it until it has succeeded.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use rocket::futures::FutureExt;
use rocket::futures::future::BoxFuture;
use rocket::tokio::time::sleep;

pub use super::rounds::Round;
use crate::base::clock::Clock;
use crate::base::error::{Error, Result};
use crate::base::keys::in_use;
use crate::base::metrics;
use crate::base::timestamp::Timestamp;
use crate::domain::{
    accounts, administration, applications, audit, entries, one_time, personal_tokens,
};
use crate::service::Doorward;

/// Between two batches of what is removed, so that a log-in can write.
const PAUSE: Duration = Duration::from_millis(5);

const BATCH: u64 = 200;

/// How often a task is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Twice a second: what other processes and requests wait for.
    HalfSecond,
    /// Once a minute, while the clock is certain: nothing is removed for a step
    /// of the clock that may be taken back.
    Minute,
}

impl Period {
    fn length(self) -> Duration {
        match self {
            Self::HalfSecond => Duration::from_millis(500),
            Self::Minute => Duration::from_secs(60),
        }
    }

    /// Whether its tasks wait until the clock is certain.
    pub fn waits_for(self, clock: &Clock) -> bool {
        self == Self::Minute && !clock.is_certain()
    }
}

/// Periodic work of a server.
pub struct Task {
    /// Its name in the log, in the figures and for the doctor.
    pub name: &'static str,
    /// How often.
    pub period: Period,
    /// Whether it is also done at the stop of a server, as it writes what is only in memory.
    at_stop: bool,
    work: for<'a> fn(&'a Doorward, Timestamp) -> BoxFuture<'a, Result<()>>,
}

/// All of them, in the order in which they are done.
pub static TASKS: [Task; 18] = [
    Task {
        name: "revocations and activity of sessions",
        period: Period::HalfSecond,
        at_stop: true,
        work: |doorward, now| doorward.sessions.sync(now).boxed(),
    },
    Task {
        name: "use of personal tokens",
        period: Period::HalfSecond,
        at_stop: true,
        work: |doorward, now| doorward.tokens.usage.write(&doorward.db, now).boxed(),
    },
    Task {
        name: "counts of throttling",
        period: Period::HalfSecond,
        at_stop: true,
        work: |doorward, _| doorward.throttle.counters.write(doorward.db.write()).boxed(),
    },
    Task {
        name: "seals of the audit log",
        period: Period::HalfSecond,
        at_stop: true,
        work: |doorward, now| {
            async move { audit::chain::seal(&doorward.db, now).await.map(drop) }.boxed()
        },
    },
    Task {
        name: "changed keys",
        period: Period::HalfSecond,
        at_stop: false,
        work: |doorward, now| reload_keys(doorward, now).boxed(),
    },
    Task {
        name: "applications",
        period: Period::HalfSecond,
        at_stop: false,
        work: |doorward, _| doorward.applications.sync(doorward.db.read()).boxed(),
    },
    Task {
        name: "what proxies asked about",
        period: Period::HalfSecond,
        at_stop: true,
        work: |doorward, now| {
            async move {
                let catalog = doorward.applications.current();
                doorward.sightings.write(&doorward.db, &catalog, now).await
            }
            .boxed()
        },
    },
    Task {
        name: "figures",
        period: Period::HalfSecond,
        at_stop: false,
        work: |_, _| {
            metrics::upkeep();
            std::future::ready(Ok(())).boxed()
        },
    },
    Task {
        name: "keys in use",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| {
            async move { in_use::note(&doorward.db, &doorward.keys.ring(), now).await }.boxed()
        },
    },
    Task {
        name: "expired sessions",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| remove_sessions(doorward, now).boxed(),
    },
    Task {
        name: "expired counts of throttling",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| remove_counts(doorward, now).boxed(),
    },
    Task {
        name: "locks that are over",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| {
            async move { accounts::forget_locks(doorward.db.write(), now).await }.boxed()
        },
    },
    Task {
        name: "write-ahead log",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, _| doorward.db.checkpoint_wal(&doorward.settings.store.url).boxed(),
    },
    Task {
        name: "expired one-time tokens",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| one_time::remove_expired(&doorward.db, now).boxed(),
    },
    Task {
        name: "actions that can no longer be undone",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| forget_actions(doorward, now).boxed(),
    },
    Task {
        name: "expired entries to applications",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| {
            async move { entries::remove_expired(doorward.db.write(), now).await }.boxed()
        },
    },
    Task {
        name: "personal tokens that ended long ago",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| {
            async move { personal_tokens::remove_expired(doorward.db.write(), now).await }.boxed()
        },
    },
    Task {
        name: "audit events that are too old",
        period: Period::Minute,
        at_stop: false,
        work: |doorward, now| remove_events(doorward, now).boxed(),
    },
];

impl Doorward {
    /// Writes what is only in memory: activity of sessions and counts, and
    /// seals the audit log. What a server does last.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write_at_stop(&self, now: Timestamp) -> Result<()> {
        self.sightings.write_soon();
        run_once(self, |task| task.at_stop, now).await
    }

    /// Tells the other servers what this one signs with, unless they know.
    ///
    /// # Errors
    /// The database failed.
    pub async fn announce_keys(&self, now: Timestamp) -> Result<()> {
        let Some(ring) = self.keys.unannounced() else { return Ok(()) };
        in_use::note(&self.db, &ring, now).await?;
        self.keys.set_announced(ring);
        Ok(())
    }

    /// Reads what other processes revoked, flushes last-seen times and
    /// counters, seals the audit log: what a server does twice a second.
    ///
    /// # Errors
    /// The database failed; all of it is done again the next time.
    #[cfg(feature = "test-support")]
    pub async fn sync(&self, now: Timestamp) -> Result<()> {
        run_once(self, |task| task.period == Period::HalfSecond, now).await
    }

    /// Forgets and removes what is over: what a server does once a minute.
    ///
    /// # Errors
    /// The database failed.
    #[cfg(feature = "test-support")]
    pub async fn purge_expired(&self, now: Timestamp) -> Result<()> {
        run_once(self, |task| task.period == Period::Minute, now).await
    }
}

/// Does these tasks once, each whatever becomes of the others. Returns the
/// error of the first one that failed.
async fn run_once(
    doorward: &Doorward,
    which: impl Fn(&Task) -> bool,
    now: Timestamp,
) -> Result<()> {
    let mut first = Ok(());
    for task in TASKS.iter().filter(|task| which(task)) {
        let outcome = AssertUnwindSafe((task.work)(doorward, now)).catch_unwind().await;
        // Logged where it happened; without the next round nobody would learn of
        // revocations any more (ASVS V16.5.4).
        let outcome = outcome.unwrap_or_else(|_| Err(Error::broken("The task panicked.")));
        doorward.rounds.note(task.name, now, &outcome);
        first = first.and(outcome);
    }
    first
}

/// Runs the tasks of that period, repeatedly.
pub async fn keep_running(doorward: &Doorward, period: Period) {
    loop {
        if period == Period::HalfSecond {
            let followed = doorward.follow_clock().await;
            doorward.rounds.note("clock", doorward.clock.now(), &followed);
        }
        if period.waits_for(&doorward.clock) {
            sleep(Period::HalfSecond.length()).await;
            continue;
        }
        // What these have taken out of memory must get to the disk.
        let round =
            if period == Period::HalfSecond { Some(doorward.rounds.begin().await) } else { None };
        // Noted already.
        let now = doorward.clock.now();
        drop(run_once(doorward, |task| task.period == period, now).await);
        drop(round);
        sleep(period.length()).await;
    }
}

/// Reloads changed keys, and sees whether others sign with keys that are not there.
async fn reload_keys(doorward: &Doorward, now: Timestamp) -> Result<()> {
    let Doorward { db, keys, .. } = doorward;
    keys.reload()?;
    doorward.announce_keys(now).await?;
    // SQLite has one server, which nobody can be out of step with.
    if db.is_shared() {
        let missing = in_use::missing(db, &keys.ring(), now).await?;
        if let Some(kid) = missing.clone().filter(|_| keys.missing().is_none()) {
            tracing::error!(error = %Error::MissingKey(kid), "key.missing");
        }
        keys.set_missing(missing);
    }
    Ok(())
}

async fn remove_sessions(doorward: &Doorward, now: Timestamp) -> Result<()> {
    while doorward.sessions.purge_expired(now).await? {
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn remove_counts(doorward: &Doorward, now: Timestamp) -> Result<()> {
    while doorward.throttle.remove_expired(BATCH, now).await? == BATCH {
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn forget_actions(doorward: &Doorward, now: Timestamp) -> Result<()> {
    administration::forget_old(doorward.db.write(), now).await?;
    applications::forget_old(doorward.db.write(), now).await
}

async fn remove_events(doorward: &Doorward, now: Timestamp) -> Result<()> {
    match doorward.settings.audit_retention {
        Some(kept) => audit::chain::prune(&doorward.db, now - kept).await.map(drop),
        None => Ok(()),
    }
}
