//! The readings of tokens that are not held. Anybody can make up tokens with a
//! right checksum: few are read at once, and few wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::{Mutex as Turn, Semaphore};

use super::format::Digest;

/// So many are read at once.
const READINGS: usize = 4;

/// So many different ones wait for their turn.
const WAITING: usize = 64;

/// The turn of a token: whether it was found that nobody has it, which stays so.
pub type Place = Turn<bool>;

/// Whose turn it is.
pub struct Queue {
    /// Those under way and those that wait. Requests with the same token wait
    /// for the first of them, count as one, and make one query together.
    turns: Mutex<HashMap<Digest, Weak<Place>>>,
    pub readings: Semaphore,
}

impl Default for Queue {
    fn default() -> Self {
        Self { turns: Mutex::default(), readings: Semaphore::new(READINGS) }
    }
}

impl Queue {
    /// A place in the queue; `None` when it is full, and the token has not been
    /// read before.
    pub fn place(&self, digest: Digest, was_read: bool) -> Option<Arc<Place>> {
        let mut turns = self.turns.lock().expect("no panic while the lock is held");
        if let Some(turn) = turns.get(&digest).and_then(Weak::upgrade) {
            return Some(turn);
        }
        if turns.len() >= READINGS + WAITING {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        if turns.len() >= READINGS + WAITING && !was_read {
            return None;
        }
        let turn = Arc::new(Place::default());
        turns.insert(digest, Arc::downgrade(&turn));
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_different_tokens_wait_and_no_more() {
        let digest = |number: u8| Digest([number; 32]);
        let queue = Queue::default();
        let mut places: Vec<_> = (0..68).map(|number| queue.place(digest(number), false)).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(queue.place(digest(99), false).is_none());
        assert!(queue.place(digest(98), true).is_some(), "an account has it");
        assert!(queue.place(digest(3), false).is_some(), "the same one waits for itself");
        places.pop();
        assert!(queue.place(digest(99), false).is_some(), "one has made room");
    }
}
