//! The two queues before the hashing threads. People we know wait in the first
//! one; everybody else shares the second, where no network has more than a
//! quarter of the places: so strangers, however many, keep nobody out who is
//! known, and few of them nobody else.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use argon2::Block;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::domain::throttle::network::Network;

/// Jobs that may wait in each of the queues; more are turned away with [`Error::Busy`].
pub const PLACES: usize = 32;

/// So many of them may be of one account or network at once.
const SHARE: usize = PLACES / 4;

/// So many more of one account or network may wait until one of those is done …
const OUTSIDE: usize = 2 * PLACES;

/// … for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every so many jobs the second queue comes first.
const TURN: usize = 4;

/// Work for a hashing thread, in that thread's memory.
pub(super) type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// Who waits for a hashing thread.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Waiter {
    /// The operator, or staff.
    House,
    /// Somebody who is signed in, has a link made for this account, or comes
    /// with a browser or script that is known for it.
    Known(Uuid),
    /// Anybody else, by the IPv4 address or the IPv6 /48.
    Stranger(String),
}

impl Waiter {
    /// Somebody we do not know, at that address.
    pub fn at(address: &str) -> Self {
        let network = Network::of(address);
        Self::Stranger(network.map(|network| network.whole().to_owned()).unwrap_or_default())
    }
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    shares: Mutex<HashMap<Waiter, Share>>,
}

#[derive(Default)]
struct State {
    known: VecDeque<Job>,
    strangers: VecDeque<Job>,
    taken: usize,
    closed: bool,
}

impl State {
    fn take(&mut self) -> Option<Job> {
        let Self { known, strangers, .. } = self;
        let turned = self.taken % TURN == TURN - 1;
        let (first, second) = if turned { (strangers, known) } else { (known, strangers) };
        let job = first.pop_front().or_else(|| second.pop_front())?;
        self.taken = self.taken.wrapping_add(1);
        Some(job)
    }
}

/// What one account or network has of the places.
struct Share {
    present: usize,
    places: Arc<Semaphore>,
}

/// A place in a queue, free again when dropped.
pub(super) struct Place {
    queue: Arc<Queue>,
    waiter: Waiter,
    permit: Option<OwnedSemaphorePermit>,
}

impl Queue {
    /// Waits until the waiter's account or network has a place free.
    ///
    /// # Errors
    /// [`Error::Busy`] when it has too many waiting, or none is free for long.
    pub(super) async fn place(self: &Arc<Self>, waiter: Waiter) -> Result<Place> {
        let places = {
            let mut shares = self.shares.lock().expect("no panic while the lock is held");
            let new = || Share { present: 0, places: Arc::new(Semaphore::new(SHARE)) };
            let share = shares.entry(waiter.clone()).or_insert_with(new);
            if share.present >= SHARE + OUTSIDE {
                return Err(Error::Busy);
            }
            share.present += 1;
            Arc::clone(&share.places)
        };
        let mut place = Place { queue: Arc::clone(self), waiter, permit: None };
        let permit = tokio::time::timeout(PATIENCE, places.acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Busy)?;
        place.permit = Some(permit.expect("nobody closes a share"));
        Ok(place)
    }

    /// Puts a job in line.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full.
    pub(super) fn put(&self, place: &Place, job: Job) -> Result<()> {
        let mut state = self.state();
        let line = match place.waiter {
            Waiter::Stranger(_) => &mut state.strangers,
            Waiter::House | Waiter::Known(_) => &mut state.known,
        };
        if line.len() >= PLACES {
            return Err(Error::Busy);
        }
        line.push_back(job);
        self.ready.notify_one();
        Ok(())
    }

    /// The next job, if one waits.
    pub(super) fn next(&self) -> Option<Job> {
        self.state().take()
    }

    /// The next job, if there is one within that time.
    pub(super) fn wait_for(&self, time: Duration) -> Option<Job> {
        let has_none = |state: &mut State| {
            !state.closed && state.known.is_empty() && state.strangers.is_empty()
        };
        let waited = self.ready.wait_timeout_while(self.state(), time, has_none);
        waited.expect("no panic while the lock is held").0.take()
    }

    /// The next job, as soon as there is one; `None` once there will be no more.
    pub(super) fn wait(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            match state.take() {
                Some(job) => return Some(job),
                None => state = self.ready.wait(state).expect("no panic while the lock is held"),
            }
        }
    }

    /// Lets the threads end.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.known.clear();
        state.strangers.clear();
        self.ready.notify_all();
    }

    /// How many jobs are in line.
    pub(super) fn waiting(&self) -> usize {
        let state = self.state();
        state.known.len() + state.strangers.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while the lock is held")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut shares = self.queue.shares.lock().expect("no panic while the lock is held");
        if let Some(share) = shares.get_mut(&self.waiter) {
            share.present -= 1;
            if share.present == 0 {
                shares.remove(&self.waiter);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use rocket::futures::future::{join, join_all};

    use super::*;
    use crate::base::keys::Keys;
    use crate::base::timestamp::Timestamp;
    use crate::domain::passwords::hasher::{Cost, Hasher};

    fn start() -> Hasher {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::in_file(&folder.path().join("keys.json"), Timestamp(0)).unwrap();
        Hasher::start(Cost::default(), Arc::new(keys)).unwrap()
    }

    /// Work that takes so long, in the real queue.
    async fn slow(hasher: &Hasher, waiter: Waiter, millis: u64) -> Result<Duration> {
        let began = Instant::now();
        hasher.on_a_thread(waiter, move |_| thread::sleep(Duration::from_millis(millis))).await?;
        Ok(began.elapsed())
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let hasher = start();
        let jobs = (0..200).map(|number| {
            let waiter = Waiter::at(&format!("192.0.2.{number}"));
            slow(&hasher, waiter, 5)
        });
        let done = join_all(jobs).await;
        assert!(done.iter().any(|job| matches!(job, Err(Error::Busy))));
        assert!(done.iter().filter(|job| job.is_ok()).count() >= PLACES);
    }

    #[tokio::test]
    async fn strangers_however_many_hold_up_nobody_who_is_known() {
        let hasher = start();
        // As many networks as there are in a /32.
        let strangers = (0..200).map(|number| {
            let waiter = Waiter::at(&format!("2001:db8:{number:x}::1"));
            slow(&hasher, waiter, 20)
        });
        let known = (0..12).map(|number| slow(&hasher, Waiter::Known(Uuid::from_u128(number)), 20));
        let (strangers, known) = join(join_all(strangers), join_all(known)).await;
        assert!(strangers.iter().any(Result::is_err), "more than there are places");
        let all: Vec<_> = known.into_iter().collect::<Result<_>>().expect("none is turned away");
        let slowest = all.into_iter().max().unwrap();
        let last = strangers.into_iter().flatten().max().unwrap();
        // Three of four turns are theirs.
        assert!(slowest < last, "{slowest:?}, the last stranger {last:?}");
    }

    #[tokio::test]
    async fn one_network_leaves_three_quarters_of_the_places_to_others() {
        let hasher = start();
        let crowd = (0..60).map(|number| {
            let waiter = Waiter::at(&format!("2001:db8:1:{number:x}::1"));
            slow(&hasher, waiter, 20)
        });
        let other = slow(&hasher, Waiter::at("192.0.2.1"), 20);
        let (crowd, other) = join(join_all(crowd), other).await;
        let last =
            crowd.into_iter().map(|job| job.expect("they wait for each other")).max().unwrap();
        let other = other.expect("there is a place left");
        assert!(2 * other < last, "{other:?}, the last of the crowd {last:?}");
    }

    #[tokio::test]
    async fn one_network_has_no_more_than_so_many_waiting() {
        let hasher = start();
        let crowd = (0..90).map(|_| slow(&hasher, Waiter::at("192.0.2.1"), 1));
        let busy = join_all(crowd).await.into_iter().filter(Result::is_err).count();
        assert!((1..90 - PLACES).contains(&busy), "{busy}");
    }

    #[tokio::test]
    async fn the_known_leave_every_fourth_turn_to_strangers() {
        let hasher = start();
        let known =
            (0..40).map(|number| slow(&hasher, Waiter::Known(Uuid::from_u128(number % 20)), 10));
        let strangers =
            (0..4).map(|number| slow(&hasher, Waiter::at(&format!("192.0.2.{number}")), 10));
        let (known, strangers) = join(join_all(known), join_all(strangers)).await;
        let last = known.into_iter().flatten().max().unwrap();
        let stranger = strangers.into_iter().map(|job| job.unwrap()).max().unwrap();
        assert!(stranger < last, "{stranger:?}, the last of the known {last:?}");
    }
}
