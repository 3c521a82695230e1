//! Attempts that are being worked on: their outcome may count. Of those that
//! are counted by the same, as many at once as could fail; the others wait for
//! their turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::bucket::Bucket;
use super::limits::Limits;

/// Hides what is counted by.
pub(super) type Key = [u8; 32];

/// How long an attempt waits for its turn.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// One of the things that an attempt is counted by.
pub(super) struct Counted {
    pub(super) bucket: Bucket,
    pub(super) key: Key,
}

/// The attempts under way in this process.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<Key, Lane>>);

/// Attempts under way that are counted by the same.
struct Lane {
    present: u32,
    /// Those whose turn it is.
    running: u32,
    /// As many at once as could fail; the others wait for their turn.
    turns: Arc<Semaphore>,
}

/// One attempt's place in each of its lanes; dropped, it leaves them.
pub(super) struct Entered<'t> {
    in_flight: &'t InFlight,
    counted: Vec<Counted>,
    turns: Vec<OwnedSemaphorePermit>,
}

impl InFlight {
    pub(super) fn enter(&self, counted: Vec<Counted>, limits: Limits) -> Entered<'_> {
        let mut lanes = self.0.lock().expect("no panic while the lock is held");
        for Counted { bucket, key } in &counted {
            let turns = || Arc::new(Semaphore::new(bucket.limit(limits) as usize));
            let lane = lanes.entry(*key).or_insert_with(|| Lane {
                present: 0,
                running: 0,
                turns: turns(),
            });
            lane.present += 1;
        }
        drop(lanes);
        Entered { in_flight: self, counted, turns: vec![] }
    }
}

impl Entered<'_> {
    pub(super) fn counted(&self) -> &[Counted] {
        &self.counted
    }

    /// Waits until no more attempts are under way than may fail, and begins.
    /// An honest crowd is served one after the other, and a guesser gains
    /// nothing by haste. Returns how many others of each count are at it;
    /// `None` when its turn does not come soon.
    pub(super) async fn wait(&mut self, limits: Limits) -> Option<Vec<u32>> {
        // All wait in the same order, so that no two wait for each other.
        let mut order: Vec<(u32, usize)> = self
            .counted
            .iter()
            .enumerate()
            .map(|(place, counted)| (counted.bucket.limit(limits), place))
            .collect();
        order.sort_unstable();
        let lanes: Vec<Arc<Semaphore>> = {
            let lanes = self.in_flight.0.lock().expect("no panic while the lock is held");
            let lane = |place: usize| Arc::clone(&lanes[&self.counted[place].key].turns);
            order.into_iter().map(|(_, place)| lane(place)).collect()
        };
        let wait = async {
            let mut turns = vec![];
            for lane in lanes {
                turns.push(lane.acquire_owned().await.expect("nobody closes a lane"));
            }
            turns
        };
        self.turns = tokio::time::timeout(PATIENCE, wait).await.ok()?;
        Some(self.run())
    }

    fn run(&self) -> Vec<u32> {
        let mut lanes = self.in_flight.0.lock().expect("no panic while the lock is held");
        let mut run = |key: &Key| {
            let lane = lanes.get_mut(key).expect("it was entered");
            lane.running += 1;
            lane.running - 1
        };
        self.counted.iter().map(|counted| run(&counted.key)).collect()
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut lanes = self.in_flight.0.lock().expect("no panic while the lock is held");
        for Counted { key, .. } in &self.counted {
            if let Some(lane) = lanes.get_mut(key) {
                lane.running -= u32::from(!self.turns.is_empty());
                lane.present -= 1;
                if lane.present == 0 {
                    lanes.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        address: 100,
        name_and_address: 5,
        name: 20,
        known_browser: 20,
        registrations: 10,
    };

    #[tokio::test]
    async fn an_attempt_that_has_ended_is_not_counted_among_the_others() {
        let in_flight = InFlight::default();
        let enter = || {
            let counted = Counted { bucket: Bucket::NameAndAddress, key: [0; 32] };
            in_flight.enter(vec![counted], LIMITS)
        };
        let (mut first, mut second) = (enter(), enter());
        assert_eq!(first.wait(LIMITS).await, Some(vec![0]));
        assert_eq!(second.wait(LIMITS).await, Some(vec![1]));
        drop(first);
        let mut third = enter();
        assert_eq!(third.wait(LIMITS).await, Some(vec![1]));
        drop((second, third));
        assert_eq!(enter().wait(LIMITS).await, Some(vec![0]));
        // One whose turn never came was not at it.
        let waiting = enter();
        drop(waiting);
        assert!(in_flight.0.lock().unwrap().is_empty());
    }
}
