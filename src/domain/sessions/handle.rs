//! What every function about sessions works with: the database, the keys and
//! what this process has in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use time::Duration;

use super::activity::Activity;
use super::refresh::rotation::Moment;
use super::revocation::{Index, Revoked};
use super::session::{Policy, SessionId};
use super::tokens::access::{Issuer, LEEWAY};
use crate::base::error::Result;
use crate::base::keys::Keys;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::audit::RequestSource;
use crate::domain::statistics::Counters;

/// Everything about sessions, for the server and the command line alike.
pub struct Sessions {
    /// The database they live in.
    pub db: Db,
    /// The keys behind their tokens.
    pub keys: Arc<Keys>,
    /// What is revoked.
    pub index: Index,
    /// What happens too often to be told in the audit log.
    pub counters: Counters,
    pub(super) issuer: Issuer,
    pub(super) policy: Policy,
    pub(super) activity: Activity,
    time_is_certain: AtomicBool,
}

impl Sessions {
    /// Sessions over this database. Fill the index ([`Sessions::sync`]) before listening.
    pub fn new(db: Db, keys: Arc<Keys>, issuer: Issuer, policy: Policy) -> Self {
        Self {
            db,
            keys,
            index: Index::default(),
            counters: Counters::default(),
            issuer,
            policy,
            activity: Activity::default(),
            time_is_certain: AtomicBool::new(true),
        }
    }

    /// Says whether the clock can be relied on (`Clock::is_certain`).
    pub fn rely_on_time(&self, certain: bool) {
        self.time_is_certain.store(certain, Ordering::Release);
    }

    /// The time of a judgement. While the clock was set or is wrong, moments may
    /// lie around a step of it.
    pub(super) fn moment(&self, now: Timestamp) -> Moment {
        Moment { now, certain: self.time_is_certain.load(Ordering::Acquire) }
    }

    /// Makes what was committed about accounts known to the next request.
    pub fn make_known(&self, accounts: impl IntoIterator<Item = AccountId>, revoked: Revoked) {
        if revoked.concerns_everyone() {
            self.db.touch_all();
        }
        self.index.apply(revoked);
        accounts.into_iter().for_each(|account| self.db.touch(account.0));
    }

    /// What a server does about once a second: read what other processes
    /// revoked, and flush last-seen times.
    ///
    /// # Errors
    /// The database failed; both are done again the next time.
    pub async fn sync(&self, now: Timestamp) -> Result<()> {
        self.index.read_tail(self.db.read(), now).await?;
        self.index.write_acknowledgements(self.db.write()).await?;
        self.counters.write(self.db.write()).await?;
        for showing in self.activity.write(&self.db, self.policy.staff_idle).await? {
            self.end_if_two_hold(showing, &RequestSource::default(), now).await?;
        }
        Ok(())
    }

    /// When this process last let a request of that session in.
    pub fn last_accepted(&self, sid: SessionId) -> Option<Timestamp> {
        self.activity.last_accepted(sid)
    }

    /// An application let a request of that session in: the session is in use,
    /// but none of the pages of staff.
    pub fn note_use(&self, sid: SessionId, now: Timestamp) {
        self.activity.note_elsewhere(sid, now);
    }

    /// How long an access token is good.
    pub fn access_token_life(&self) -> std::time::Duration {
        self.issuer.life.unsigned_abs()
    }

    /// How long an access token could still be good after `now`.
    pub(super) fn token_life(&self) -> Duration {
        self.issuer.life + LEEWAY + Duration::minutes(1)
    }
}
