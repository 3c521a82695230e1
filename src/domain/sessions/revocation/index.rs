//! The index of one server process: every request is checked against it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration as RealDuration, Instant};

use uuid::Uuid;

use super::acknowledged::Acknowledgements;
use super::revoke::{OUTRIGHT, Revoked};
use super::table::{self, Kind};
use crate::base::secrets;
use crate::domain::accounts::AccountId;
use crate::domain::sessions::session::SessionId;
use crate::domain::sessions::tokens::access::Claims;

/// No access token lives so long.
const LONGEST: RealDuration = RealDuration::from_secs(24 * 60 * 60);

struct Minimum {
    version: i64,
    /// When it may be forgotten: a token's life after this process heard of it,
    /// by its own monotonic clock. No other clock has a say.
    until: Instant,
    /// How often something was refused for it.
    refused: AtomicU32,
}

/// Up to where the table was read.
pub(super) struct Tail {
    /// On SQLite the highest number that was read: rows appear in the order of
    /// their numbers. On PostgreSQL the oldest transaction that was under way
    /// at the last reading: what it and later ones write is still to be read.
    pub(super) from: i64,
    /// The next reading begins with the first row.
    pub(super) whole: bool,
    pub(super) heard_at: Option<Instant>,
}

impl Default for Tail {
    fn default() -> Self {
        Self { from: 0, whole: true, heard_at: None }
    }
}

/// The index of one server process.
pub struct Index {
    /// For each token, session and account: the smallest version still good.
    minimums: RwLock<HashMap<Uuid, Minimum>>,
    global_epoch: AtomicI64,
    /// Tells this process from the others; another one after each start.
    pub(super) instance: String,
    pub(super) tail: Mutex<Tail>,
    pub(super) acknowledgements: Mutex<Acknowledgements>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            minimums: RwLock::default(),
            global_epoch: AtomicI64::new(0),
            instance: secrets::encode_id(secrets::random_id()),
            tail: Mutex::default(),
            acknowledgements: Mutex::default(),
        }
    }
}

impl Index {
    /// Whether nothing in the index speaks against these claims.
    pub fn permits(&self, claims: &Claims) -> bool {
        self.permits_all(
            claims.epoch,
            &[(claims.jti, 0), (claims.sid.0, claims.generation), (claims.sub.0, claims.epoch)],
        )
    }

    /// The same for an entry to an application, which rests on its session as a whole.
    pub fn permits_entry(
        &self,
        entry: Uuid,
        session: SessionId,
        account: AccountId,
        epoch: i64,
    ) -> bool {
        const NEWEST: i64 = OUTRIGHT - 1;
        self.permits_all(epoch, &[(entry, 0), (session.0, NEWEST), (account.0, epoch)])
    }

    /// The same for a personal token, which rests on no session.
    pub fn permits_token(&self, token: Uuid, account: AccountId, epoch: i64) -> bool {
        self.permits_all(epoch, &[(token, 0), (account.0, epoch)])
    }

    /// Whether an account was deleted lately.
    pub fn is_deleted(&self, account: AccountId) -> bool {
        let minimums = self.minimums.read().expect("no panic while the lock is held");
        minimums.get(&account.0).is_some_and(|minimum| minimum.version == OUTRIGHT)
    }

    fn permits_all(&self, epoch: i64, versions: &[(Uuid, i64)]) -> bool {
        if epoch < self.global_epoch() {
            return false;
        }
        let minimums = self.minimums.read().expect("no panic while the lock is held");
        let below = |id: Uuid, version: i64| {
            let hit = minimums.get(&id).filter(|minimum| version < minimum.version);
            hit.map(|minimum| minimum.refused.fetch_add(1, Ordering::Relaxed)).is_some()
        };
        !versions.iter().any(|(id, version)| below(*id, *version))
    }

    /// The epoch for a token of an account whose row has this one. A row that
    /// was read before its epoch was raised must not pass for a newer one just
    /// because the global epoch was raised, too.
    pub fn epoch_of_token(&self, account: Uuid, epoch: i64) -> i64 {
        let minimums = self.minimums.read().expect("no panic while the lock is held");
        match minimums.get(&account) {
            Some(minimum) if epoch < minimum.version => epoch,
            _ => epoch.max(self.global_epoch()),
        }
    }

    /// The same for an account that was read while the global epoch may have been
    /// raised: `began` is what it was before the reading.
    pub fn epoch_as_read(&self, account: Uuid, epoch: i64, began: i64) -> i64 {
        self.epoch_of_token(account, epoch).min(epoch.max(began))
    }

    /// The epoch below which no token is valid.
    pub fn global_epoch(&self) -> i64 {
        self.global_epoch.load(Ordering::Acquire)
    }

    pub(super) fn raise_global_epoch(&self, epoch: i64) {
        self.global_epoch.fetch_max(epoch, Ordering::AcqRel);
    }

    /// Applies what this process itself has just committed.
    pub fn apply(&self, revoked: Revoked) {
        let (rows, began): (Vec<_>, Vec<_>) = revoked.0.into_iter().unzip();
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        self.take_up(rows);
        let mut acknowledgements =
            self.acknowledgements.lock().expect("no panic while the lock is held");
        for (id, began) in ids.into_iter().zip(began) {
            acknowledgements.note(id, began.elapsed().as_millis() as i64);
        }
    }

    pub(super) fn take_up(&self, rows: Vec<table::Model>) {
        if rows.is_empty() {
            return;
        }
        let heard_at = Instant::now();
        let mut minimums = self.minimums.write().expect("no panic while the lock is held");
        for row in rows {
            if row.kind == Kind::Global {
                self.raise_global_epoch(row.min_version);
                continue;
            }
            let life = row.expires_at.since(row.created_at);
            let until = heard_at + life.try_into().unwrap_or(LONGEST).min(LONGEST);
            let version = row.min_version;
            let new = Minimum { version, until, refused: AtomicU32::new(0) };
            let entry = minimums.entry(row.subject).or_insert(new);
            entry.version = entry.version.max(version);
            entry.until = entry.until.max(until);
        }
    }

    /// Forgets what no token could concern any more at `at`.
    pub fn forget_expired(&self, at: Instant) {
        let mut minimums = self.minimums.write().expect("no panic while the lock is held");
        minimums.retain(|_, minimum| at < minimum.until);
        minimums.shrink_to(1024);
    }

    /// How often this process refused something because `subject` is revoked.
    pub fn refusals(&self, subject: Uuid) -> u32 {
        let minimums = self.minimums.read().expect("no panic while the lock is held");
        minimums.get(&subject).map_or(0, |minimum| minimum.refused.load(Ordering::Relaxed))
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.minimums.read().expect("no panic while the lock is held").len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::timestamp::Timestamp;

    #[test]
    fn a_row_that_was_read_too_early_makes_no_token_of_a_later_epoch() {
        let (index, account) = (Index::default(), Uuid::from_u128(1));
        let row = |kind, subject, min_version| table::Model {
            id: 1,
            kind,
            subject,
            min_version,
            reason: String::new(),
            created_at: Timestamp(0),
            expires_at: Timestamp(600_000),
        };
        index.take_up(vec![row(Kind::Account, account, 5), row(Kind::Global, Uuid::nil(), 9)]);
        assert_eq!(index.epoch_of_token(account, 4), 4, "read before the account's was raised");
        assert_eq!(index.epoch_of_token(account, 5), 9);
        let other = Uuid::from_u128(2);
        assert_eq!(index.epoch_of_token(other, 4), 9);
        assert_eq!(index.epoch_as_read(other, 4, 9), 9);
        assert_eq!(index.epoch_as_read(other, 4, 7), 7, "everything was ended during the reading");
    }
}
