//! Right passwords, which are limited generously: each of them costs a hash
//! and, at log-in, a session that is kept. Only somebody who has the password
//! can use the limit up. Counted in memory, by each server for itself, so that
//! no log-in writes anything more.

use std::collections::HashMap;
use std::sync::Mutex;

use time::Duration;
use uuid::Uuid;

use crate::base::timestamp::Timestamp;

/// Whose right password it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Of somebody who signs in, counted since the account's last change, so that
    /// an owner who changes the password is not kept out by those who had the old one.
    SignsIn {
        /// The account.
        account: Uuid,
        /// From when on its password is good.
        since: Timestamp,
    },
    /// Of somebody in a session, by when its sign-in was: its name changes each time.
    Again {
        /// The account.
        account: Uuid,
        /// When the sign-in was.
        begun: Timestamp,
    },
}

impl Whose {
    fn account(self) -> Uuid {
        match self {
            Self::SignsIn { account, .. } | Self::Again { account, .. } => account,
        }
    }
}

const WINDOW: Duration = Duration::hours(1);

/// So many of them may be counted before those that are over are looked for.
const FEW: usize = 10_000;

#[derive(Default)]
pub(super) struct Right(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    by_whom: HashMap<Whose, Count>,
    /// When those that are over are looked for again.
    full_at: usize,
}

struct Count {
    since: Timestamp,
    count: u32,
}

impl Count {
    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.since) >= WINDOW
    }
}

impl Right {
    /// How long to wait, if `limit` is reached.
    pub(super) fn wait(&self, whose: Whose, limit: u32, now: Timestamp) -> Option<Duration> {
        let counts = self.0.lock().expect("no panic while the lock is held");
        let count = counts.by_whom.get(&whose).filter(|count| !count.is_over(now))?;
        (limit > 0 && count.count >= limit).then(|| (count.since + WINDOW).since(now))
    }

    /// Counts one, unless `limit` is reached: then says how long to wait.
    pub(super) fn count(&self, whose: Whose, limit: u32, now: Timestamp) -> Option<Duration> {
        let mut counts = self.0.lock().expect("no panic while the lock is held");
        let Counts { by_whom, full_at } = &mut *counts;
        if by_whom.len() >= (*full_at).max(FEW) {
            by_whom.retain(|_, count| !count.is_over(now));
            *full_at = 2 * by_whom.len();
        }
        let count = by_whom.entry(whose).or_insert(Count { since: now, count: 0 });
        if count.is_over(now) {
            *count = Count { since: now, count: 0 };
        }
        if limit > 0 && count.count >= limit {
            return Some((count.since + WINDOW).since(now));
        }
        count.count += 1;
        None
    }

    pub(super) fn forget(&self, account: Uuid) {
        let mut counts = self.0.lock().expect("no panic while the lock is held");
        counts.by_whom.retain(|whose, _| whose.account() != account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_767_268_800_000);

    fn whose(number: u128) -> Whose {
        Whose::SignsIn { account: Uuid::from_u128(number), since: NOON }
    }

    #[test]
    fn an_hour_after_the_first_one_counting_begins_anew() {
        let (right, ada) = (Right::default(), whose(1));
        for _ in 0..60 {
            assert_eq!(right.wait(ada, 60, NOON), None);
            assert_eq!(right.count(ada, 60, NOON), None);
        }
        let later = NOON + Duration::minutes(20);
        let wait = Some(Duration::minutes(40));
        assert_eq!((right.wait(ada, 60, later), right.count(ada, 60, later)), (wait, wait));
        assert_eq!(right.count(ada, 0, later), None, "no limit");
        assert_eq!(right.count(whose(2), 60, later), None);
        assert_eq!(right.count(ada, 60, NOON + WINDOW), None);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let right = Right::default();
        for number in 0..3 * FEW as u128 {
            right.count(whose(number), 60, NOON);
        }
        for number in 3 * FEW as u128..6 * FEW as u128 {
            right.count(whose(number), 60, NOON + WINDOW);
        }
        assert!(right.0.lock().unwrap().by_whom.len() <= 4 * FEW);
    }
}
