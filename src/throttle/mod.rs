//! Slowing down whoever guesses, without locking anybody out.
//!
//! Attempts are counted by address, by name and address, and by name. A browser
//! that an account was logged in with before has a count of its own, which a
//! stranger cannot use up. What is counted is shared by all servers and
//! survives a restart; checks come before the password is hashed.

mod entity;
pub mod known_browser;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::Db;
use crate::error::{Error, Refusal, Result};
use crate::keys::{Keys, Purpose};
use crate::statistics::{Counters, THROTTLED};
use crate::timestamp::Timestamp;

/// How many attempts are let through before one has to wait; 0: as many as one likes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Failed log-ins from one address (IPv6: one /64) in 15 minutes.
    pub address: u32,
    /// Failed log-ins with one name from one address; then one after 1, 2, 4 … 60 minutes.
    pub name_and_address: u32,
    /// Failed log-ins with one name from anywhere in an hour.
    pub name: u32,
    /// Failed log-ins with one name from browsers known for it in an hour.
    pub known_browser: u32,
    /// Accounts opened from one address in an hour.
    pub registrations: u32,
}

/// After so many failures in a row only known browsers may try (NIST SP
/// 800-63B-4, section 3.2.2: no more than 100).
const IN_A_ROW: u32 = 100;

/// What attempts are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bucket {
    Address,
    NameAndAddress,
    Name,
    InARow,
    KnownBrowser,
    Registrations,
}

impl Bucket {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Address => b"address",
            Self::NameAndAddress => b"name and address",
            Self::Name => b"name",
            Self::InARow => b"in a row",
            Self::KnownBrowser => b"known browser",
            Self::Registrations => b"registrations",
        }
    }

    fn limit(self, limits: Limits) -> u32 {
        match self {
            Self::Address => limits.address,
            Self::NameAndAddress => limits.name_and_address,
            Self::Name => limits.name,
            Self::InARow if limits.name == 0 => 0,
            Self::InARow => IN_A_ROW,
            Self::KnownBrowser => limits.known_browser,
            Self::Registrations => limits.registrations,
        }
    }

    /// How long a count lasts.
    fn window(self) -> Duration {
        match self {
            Self::Address => Duration::minutes(15),
            // The longest wait, and what it takes to be forgotten after it.
            Self::NameAndAddress => Duration::minutes(60 + 15),
            Self::Name | Self::KnownBrowser | Self::Registrations => Duration::hours(1),
            Self::InARow => Duration::days(30),
        }
    }

    /// Until when nobody may try, if the limit is reached.
    fn blocked_until(self, row: &entity::Model, limit: u32) -> Timestamp {
        match self {
            Self::NameAndAddress => {
                let beyond = row.count.saturating_sub(i64::from(limit)).clamp(0, 6);
                row.last_at + Duration::minutes((1 << beyond).min(60))
            }
            _ => row.expires_at,
        }
    }
}

type Key = [u8; 32];
type Turn = OwnedSemaphorePermit;

/// The counts of attempts.
pub struct Throttle {
    db: Db,
    keys: Arc<Keys>,
    limits: Limits,
    /// How many were turned away.
    pub counters: Counters,
    /// Attempts that are being worked on: their outcome may count.
    in_flight: Mutex<HashMap<Key, Lane>>,
}

/// Attempts under way that are counted by the same.
struct Lane {
    present: u32,
    /// Those whose turn it is.
    running: u32,
    /// As many at once as could fail; the others wait for their turn.
    turns: Arc<Semaphore>,
}

/// Who tries to log in.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// The name as it was typed, in its canonical form.
    pub name: &'a str,
    /// Where the attempt comes from.
    pub address: &'a str,
    /// Whether the browser is known for the account of that name.
    pub known: bool,
}

/// An attempt under way. Say what came of it; dropped, it counts for nothing.
#[must_use = "an attempt that failed must be counted"]
pub struct Attempt<'t> {
    throttle: &'t Throttle,
    /// What it is counted by, the keys, and whether something is counted there already.
    counted: Vec<(Bucket, Key, bool)>,
    name_key: Option<Key>,
    turns: Vec<Turn>,
}

impl Throttle {
    /// Counts in this database.
    pub fn new(db: Db, keys: Arc<Keys>, limits: Limits) -> Self {
        let (counters, in_flight) = (Counters::default(), Mutex::default());
        Self { db, keys, limits, counters, in_flight }
    }

    /// Lets an attempt to log in begin.
    ///
    /// # Errors
    /// [`Refusal::TooManyAttempts`], before anything was worked on.
    pub async fn log_in(&self, who: Who<'_>, now: Timestamp) -> Result<Attempt<'_>> {
        let name = who.name.as_bytes();
        let address = network(who.address);
        let mut wanted = vec![(Bucket::InARow, self.key(Bucket::InARow, &[name]))];
        if who.known {
            wanted.push((Bucket::KnownBrowser, self.key(Bucket::KnownBrowser, &[name])));
        } else {
            wanted.push((Bucket::Name, self.key(Bucket::Name, &[name])));
            if let Some(address) = &address {
                let address = address.as_bytes();
                let both = self.key(Bucket::NameAndAddress, &[name, address]);
                wanted.push((Bucket::NameAndAddress, both));
                wanted.push((Bucket::Address, self.key(Bucket::Address, &[address])));
            }
        }
        let name_key = Some(self.key(Bucket::Name, &[name]));
        self.begin(wanted, name_key, who.known, now).await
    }

    /// Lets the opening of an account begin.
    ///
    /// # Errors
    /// [`Refusal::TooManyAttempts`], before anything was worked on.
    pub async fn register(&self, address: &str, now: Timestamp) -> Result<Attempt<'_>> {
        let wanted = network(address).map(|address| {
            (Bucket::Registrations, self.key(Bucket::Registrations, &[address.as_bytes()]))
        });
        self.begin(wanted.into_iter().collect(), None, false, now).await
    }

    async fn begin(
        &self,
        mut wanted: Vec<(Bucket, Key)>,
        name_key: Option<Key>,
        known: bool,
        now: Timestamp,
    ) -> Result<Attempt<'_>> {
        wanted.retain(|(bucket, _)| bucket.limit(self.limits) > 0);
        let mut attempt = Attempt { throttle: self, counted: vec![], name_key, turns: vec![] };
        if wanted.is_empty() {
            return Ok(attempt);
        }
        self.enter(&mut attempt, wanted);
        attempt.turns = self.turns(&attempt, now).await?;
        // Before the rows are read: an attempt that ends in between counts twice, not never.
        let others = self.run(&attempt);
        let keys = attempt.counted.iter().map(|(_, key, _)| key.to_vec());
        let rows = entity::Entity::find()
            .filter(entity::Column::Key.is_in(keys))
            .filter(entity::Column::ExpiresAt.gt(now))
            .all(self.db.read())
            .await?;
        for ((bucket, key, counted), others) in attempt.counted.iter_mut().zip(others) {
            let Some(row) = rows.iter().find(|row| row.key == *key) else { continue };
            *counted = true;
            // A stranger's failures keep nobody out who is known.
            if known && *bucket == Bucket::InARow {
                continue;
            }
            let limit = bucket.limit(self.limits);
            if row.count + i64::from(others) >= i64::from(limit) {
                let until = bucket.blocked_until(row, limit);
                // Whoever has waited may try once, and not many times at once.
                let until = if others > 0 { until.max(now + MOMENT) } else { until };
                if now < until {
                    return Err(self.turned_away(until.since(now), now));
                }
            }
        }
        Ok(attempt)
    }

    fn turned_away(&self, wait: Duration, now: Timestamp) -> Error {
        self.counters.count(THROTTLED, now);
        Refusal::TooManyAttempts(wait).into()
    }

    fn enter(&self, attempt: &mut Attempt<'_>, wanted: Vec<(Bucket, Key)>) {
        let mut in_flight = self.in_flight.lock().expect("no panic while the lock is held");
        for (bucket, key) in wanted {
            let turns = || Arc::new(Semaphore::new(bucket.limit(self.limits) as usize));
            let lane = in_flight.entry(key).or_insert_with(|| Lane {
                present: 0,
                running: 0,
                turns: turns(),
            });
            lane.present += 1;
            attempt.counted.push((bucket, key, false));
        }
    }

    /// Waits until no more attempts are under way than may fail. An honest crowd
    /// is served one after the other, and a guesser gains nothing by haste.
    async fn turns(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<Vec<Turn>> {
        // All wait in the same order, so that no two wait for each other.
        let mut order: Vec<(u32, usize)> = attempt
            .counted
            .iter()
            .enumerate()
            .map(|(place, (bucket, ..))| (bucket.limit(self.limits), place))
            .collect();
        order.sort_unstable();
        let lanes: Vec<Arc<Semaphore>> = {
            let in_flight = self.in_flight.lock().expect("no panic while the lock is held");
            let lane = |place: usize| Arc::clone(&in_flight[&attempt.counted[place].1].turns);
            order.into_iter().map(|(_, place)| lane(place)).collect()
        };
        let wait = async {
            let mut turns = vec![];
            for lane in lanes {
                turns.push(lane.acquire_owned().await.expect("nobody closes a lane"));
            }
            turns
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        waited.map_err(|_| self.turned_away(MOMENT, now))
    }

    /// Begins. Returns how many others of each count are at it.
    fn run(&self, attempt: &Attempt<'_>) -> Vec<u32> {
        let mut in_flight = self.in_flight.lock().expect("no panic while the lock is held");
        let mut run = |key: &Key| {
            let lane = in_flight.get_mut(key).expect("it was entered");
            lane.running += 1;
            lane.running - 1
        };
        attempt.counted.iter().map(|(_, key, _)| run(key)).collect()
    }

    /// Forgets what was counted against these names. Says whether anything was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lift(&self, names: &[&str]) -> Result<bool> {
        let keys = names.iter().map(|name| self.key(Bucket::Name, &[name.as_bytes()]).to_vec());
        let lifted = entity::Entity::delete_many()
            .filter(entity::Column::NameKey.is_in(keys))
            .exec(self.db.write())
            .await?;
        Ok(lifted.rows_affected > 0)
    }

    /// Removes counts that are over, at most `limit` of them. Returns how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remove_expired(&self, limit: u64, now: Timestamp) -> Result<u64> {
        let old: Vec<Vec<u8>> = entity::Entity::find()
            .select_only()
            .column(entity::Column::Key)
            .filter(entity::Column::ExpiresAt.lte(now))
            .limit(limit)
            .into_tuple()
            .all(self.db.read())
            .await?;
        if old.is_empty() {
            return Ok(0);
        }
        let which = entity::Column::Key.is_in(old);
        // Still over: it may have been counted anew since.
        let gone = entity::Entity::delete_many()
            .filter(which)
            .filter(entity::Column::ExpiresAt.lte(now))
            .exec(self.db.write())
            .await?;
        Ok(gone.rows_affected)
    }

    fn key(&self, bucket: Bucket, parts: &[&[u8]]) -> Key {
        let parts: Vec<&[u8]> = [b"throttle".as_slice(), bucket.label()]
            .into_iter()
            .chain(parts.iter().copied())
            .collect();
        self.keys.ring().signing(Purpose::Form).mac(&parts)
    }
}

/// How soon to come again when others are under way.
const MOMENT: Duration = Duration::seconds(1);

/// How long an attempt waits for its turn.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

impl Attempt<'_> {
    /// It failed, or was one of those that are counted: it counts.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count(self, now: Timestamp) -> Result<()> {
        if self.counted.is_empty() {
            return Ok(());
        }
        let name_key = self.name_key.map(|key| key.to_vec());
        let rows = self.counted.iter().map(|(bucket, key, _)| entity::ActiveModel {
            key: Set(key.to_vec()),
            name_key: Set(name_key.clone().filter(|_| *bucket != Bucket::Address)),
            count: Set(1),
            last_at: Set(now),
            expires_at: Set(now + bucket.window()),
        });
        let over = format!("attempts.expires_at <= {}", now.0);
        let or_anew = |kept: &str, anew: &str| {
            Expr::cust(format!("CASE WHEN {over} THEN {anew} ELSE {kept} END"))
        };
        let merge = OnConflict::column(entity::Column::Key)
            .value(entity::Column::Count, or_anew("attempts.count + 1", "1"))
            .value(entity::Column::ExpiresAt, or_anew("attempts.expires_at", "excluded.expires_at"))
            .update_column(entity::Column::LastAt)
            .to_owned();
        entity::Entity::insert_many(rows)
            .on_conflict(merge)
            .exec_without_returning(self.throttle.db.write())
            .await?;
        // The wait after failures with one name from one address grows from the last of them.
        let waits = self.counted.iter().filter(|(bucket, ..)| *bucket == Bucket::NameAndAddress);
        for (bucket, key, _) in waits {
            entity::Entity::update_many()
                .col_expr(entity::Column::ExpiresAt, Expr::value(now + bucket.window()))
                .filter(entity::Column::Key.eq(key.to_vec()))
                .exec(self.throttle.db.write())
                .await?;
        }
        Ok(())
    }

    /// It succeeded: what was counted against this person alone is forgotten.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forgive(self) -> Result<()> {
        let own = |bucket| {
            matches!(bucket, Bucket::NameAndAddress | Bucket::InARow | Bucket::KnownBrowser)
        };
        let keys: Vec<Vec<u8>> = self
            .counted
            .iter()
            .filter(|(bucket, _, counted)| own(*bucket) && *counted)
            .map(|(_, key, _)| key.to_vec())
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        entity::Entity::delete_many()
            .filter(entity::Column::Key.is_in(keys))
            .exec(self.throttle.db.write())
            .await?;
        Ok(())
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut in_flight =
            self.throttle.in_flight.lock().expect("no panic while the lock is held");
        for (_, key, _) in &self.counted {
            if let Some(lane) = in_flight.get_mut(key) {
                lane.running -= u32::from(!self.turns.is_empty());
                lane.present -= 1;
                if lane.present == 0 {
                    in_flight.remove(key);
                }
            }
        }
    }
}

/// What of an address its owner cannot choose: all of IPv4, the /64 of IPv6.
/// Nothing, where there is no address.
fn network(address: &str) -> Option<String> {
    match address.parse().ok()? {
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_ipv6_network_are_one() {
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("command line"), None);
    }
}
