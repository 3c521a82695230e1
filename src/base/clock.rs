//! The clock of the protocol. The ground floor is told the time; here it is read.
//!
//! Several servers on one PostgreSQL use the clock of the database, so that
//! no two of them differ; on SQLite it is the machine's. Between two readings
//! time runs on with the monotonic clock: a step of either clock moves nothing
//! by itself. It is followed when it lasts, and for a while nothing that
//! depends on how long ago something was is decided.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration as RealDuration, Instant};

use time::{Duration, OffsetDateTime};

use crate::base::error::Result;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;

/// Further than this from one another, clocks differ: twice what the network
/// and a busy machine explain.
const MOST_APART: Duration = Duration::seconds(5);

/// A step that is taken back before has not happened. It is also time for every
/// server to have noticed before the first one follows.
const LASTS: RealDuration = RealDuration::from_secs(2);

/// How long after a step moments from before it and after it are not compared.
const UNCERTAIN: RealDuration = RealDuration::from_secs(120);

/// A reading that took longer says too little about when it was made.
const SLOWEST: RealDuration = RealDuration::from_secs(2);

/// What is known about the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be relied on.
    Certain,
    /// This machine's clock is that far ahead of the database's (or behind: negative).
    Apart(Duration),
    /// It was set less than two minutes ago.
    Stepped,
}

/// The clock, which tests can move.
pub struct Clock {
    origin: Instant,
    /// The time at `origin`, in milliseconds since 1970.
    at_origin: AtomicI64,
    ahead_millis: AtomicI64,
    doubts: Mutex<Doubts>,
}

#[derive(Default)]
struct Doubts {
    /// Since when readings have differed from the time that is kept here.
    since: Option<Instant>,
    until: Option<Instant>,
    /// How far this machine's clock is ahead of the database's.
    apart: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
            at_origin: AtomicI64::new(wall().0),
            ahead_millis: AtomicI64::new(0),
            doubts: Mutex::default(),
        }
    }
}

impl Clock {
    /// The clock of a service over `db`.
    ///
    /// # Errors
    /// The database cannot be asked for the time.
    pub async fn over(db: &Db) -> Result<Self> {
        let clock = Self::default();
        if let Some((database, at)) = there(db).await? {
            clock.set(database, at);
            clock.heed(wall(), Some(database), at);
        }
        Ok(clock)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let time = self.unmoved(Instant::now());
        time + Duration::milliseconds(self.ahead_millis.load(Ordering::Relaxed))
    }

    /// Moves on (or back) by `duration`.
    #[cfg(feature = "test-support")]
    pub fn advance(&self, duration: Duration) {
        self.ahead_millis.fetch_add(duration.whole_milliseconds() as i64, Ordering::Relaxed);
    }

    /// It is as if it had just been set.
    #[cfg(feature = "test-support")]
    pub fn doubt(&self) {
        let mut doubts = self.doubts.lock().expect("no panic while the lock is held");
        doubts.until = Some(Instant::now() + UNCERTAIN);
    }

    /// Whether "how long ago" can be relied on: no copy of a token
    /// may be told from its original by time while this is false.
    pub fn is_certain(&self) -> bool {
        self.standing() == Standing::Certain
    }

    /// What is known about it.
    pub fn standing(&self) -> Standing {
        self.standing_at(Instant::now())
    }

    /// Reads the clocks again. What a server does about twice a second.
    ///
    /// # Errors
    /// The database cannot be asked; time goes on as before.
    pub async fn follow(&self, db: &Db) -> Result<()> {
        let before = self.standing();
        if db.is_shared() {
            if let Some((database, at)) = there(db).await? {
                self.heed(wall(), Some(database), at);
            }
        } else {
            self.heed(wall(), None, Instant::now());
        }
        match self.standing() {
            standing if standing == before => {}
            Standing::Certain => tracing::info!("clock.certain"),
            Standing::Stepped => tracing::warn!("clock.step"),
            Standing::Apart(ahead) => {
                // Not for every millisecond by which the difference changes.
                if !matches!(before, Standing::Apart(_)) {
                    let seconds_ahead = ahead.as_seconds_f64();
                    tracing::error!(seconds_ahead, "clock.apart");
                }
            }
        }
        Ok(())
    }

    fn standing_at(&self, at: Instant) -> Standing {
        let doubts = self.doubts.lock().expect("no panic while the lock is held");
        if doubts.apart.abs() > MOST_APART {
            Standing::Apart(doubts.apart)
        } else if doubts.until.is_some_and(|until| at < until) {
            Standing::Stepped
        } else {
            Standing::Certain
        }
    }

    /// Applies a reading of this machine's clock and, where several servers
    /// share one, the database's.
    fn heed(&self, wall: Timestamp, database: Option<Timestamp>, at: Instant) {
        let time = database.unwrap_or(wall);
        let mut doubts = self.doubts.lock().expect("no panic while the lock is held");
        doubts.apart = wall.since(time);
        if time.since(self.unmoved(at)).abs() <= MOST_APART {
            doubts.since = None;
            self.set(time, at);
            return;
        }
        // In doubt before the first moment is told by the new time.
        doubts.until = Some(at + UNCERTAIN);
        let since = *doubts.since.get_or_insert(at);
        if at.duration_since(since) >= LASTS {
            doubts.since = None;
            self.set(time, at);
        }
    }

    fn unmoved(&self, at: Instant) -> Timestamp {
        let since = at.duration_since(self.origin).as_millis() as i64;
        Timestamp(self.at_origin.load(Ordering::Acquire).saturating_add(since))
    }

    fn set(&self, time: Timestamp, at: Instant) {
        let since = at.duration_since(self.origin).as_millis() as i64;
        self.at_origin.store(time.0.saturating_sub(since), Ordering::Release);
    }
}

/// This machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn wall() -> Timestamp {
    OffsetDateTime::now_utc().into()
}

/// The database's clock and when it was read, halfway between question and
/// answer; `None` where it is this machine's, and when the answer took too long.
async fn there(db: &Db) -> Result<Option<(Timestamp, Instant)>> {
    let asked = Instant::now();
    let time = db.its_time().await?;
    let trip = asked.elapsed();
    Ok(time.filter(|_| trip <= SLOWEST).map(|time| (time, asked + trip / 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_767_268_800_000);
    const HOUR: Duration = Duration::HOUR;

    /// A clock that said noon at its origin, and a way to read it later.
    fn at_noon() -> (Clock, impl Fn(u64) -> Instant) {
        let clock = Clock::default();
        let origin = clock.origin;
        clock.set(NOON, origin);
        (clock, move |seconds| origin + RealDuration::from_secs(seconds))
    }

    fn after(seconds: u64) -> Timestamp {
        NOON + Duration::seconds(seconds as i64)
    }

    #[test]
    fn time_runs_on_between_two_readings_and_small_differences_are_followed() {
        let (clock, at) = at_noon();
        assert_eq!(clock.unmoved(at(7)), after(7));
        clock.heed(after(13), None, at(10));
        assert_eq!(clock.unmoved(at(20)), after(23));
        assert_eq!(clock.standing_at(at(20)), Standing::Certain);
    }

    #[test]
    fn a_step_that_lasts_is_followed_and_moments_around_it_are_not_compared() {
        for step in [HOUR, -HOUR] {
            let (clock, at) = at_noon();
            clock.heed(after(10) + step, None, at(10));
            assert_eq!(clock.unmoved(at(10)), after(10), "not yet");
            assert_eq!(clock.standing_at(at(10)), Standing::Stepped, "but in doubt at once");
            clock.heed(after(12) + step, None, at(12));
            assert_eq!(clock.unmoved(at(12)), after(12) + step);
            assert_eq!(clock.standing_at(at(131)), Standing::Stepped);
            assert_eq!(clock.standing_at(at(132)), Standing::Certain);
        }
    }

    #[test]
    fn a_clock_that_jumps_forth_and_back_moves_nothing() {
        let (clock, at) = at_noon();
        for second in [10, 20, 30] {
            clock.heed(after(second) + HOUR * 24 * 365, None, at(second));
            clock.heed(after(second + 1), None, at(second + 1));
            assert_eq!(clock.unmoved(at(second + 1)), after(second + 1));
        }
        assert_eq!(clock.standing_at(at(31)), Standing::Stepped);
    }

    #[test]
    fn servers_on_one_database_go_by_its_clock_whatever_their_own_say() {
        let (clock, at) = at_noon();
        for second in 0..10 {
            clock.heed(after(second) + HOUR, Some(after(second)), at(second));
        }
        assert_eq!(clock.unmoved(at(10)), after(10));
        assert_eq!(clock.standing_at(at(10)), Standing::Apart(HOUR));
        clock.heed(after(11), Some(after(11)), at(11));
        assert_eq!(clock.standing_at(at(11)), Standing::Certain, "set right");
    }
}
