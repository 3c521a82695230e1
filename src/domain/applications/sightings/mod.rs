//! What this server process saw of the requests that proxies asked about, for
//! those who wonder why somebody was not let through: the last refusals, in
//! memory, and of each host when it was last asked about and what was wrong,
//! which is also written into a small table.

mod cause;
mod problem;
mod recent;
mod table;
mod token_fault;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use sea_orm::ConnectionTrait;
use time::Duration;
use uuid::Uuid;

pub use self::cause::Cause;
pub use self::problem::{Problem, Sighting};
use self::recent::Recent;
pub use self::recent::{Refused, shortened};
pub use self::table::{MOST, tables};
pub use self::token_fault::TokenFault;
use super::catalog::{Catalog, Found};
use crate::base::error::Result;
use crate::base::host::Authority;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;

/// The table is written at most so often.
const BETWEEN_WRITES: Duration = Duration::seconds(30);

type Key = (String, Option<Problem>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    application: Option<Uuid>,
    asked_at: Timestamp,
    let_in_at: Option<Timestamp>,
    peer: Option<IpAddr>,
}

impl Seen {
    fn told(self, (host, problem): Key) -> Sighting {
        let Self { application, asked_at, let_in_at, peer } = self;
        let peer = peer.map(|peer| peer.to_string()).unwrap_or_default();
        Sighting { host, problem, application, asked_at, let_in_at, peer }
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Sightings {
    recent: Recent,
    unwritten: Mutex<HashMap<Key, Seen>>,
    written_at: Mutex<Option<Timestamp>>,
    told_of_untrusted_at: Mutex<Option<Timestamp>>,
}

impl Sightings {
    /// A request to an application was refused.
    pub fn note_refused(&self, application: Uuid, refused: Refused) {
        self.recent.push(application, refused);
    }

    /// The last requests to an application that were refused by this process, newest first.
    pub fn recent(&self, application: Uuid) -> Vec<Refused> {
        self.recent.of(application)
    }

    /// Whether it is time to tell again of a proxy that is not trusted: once a
    /// minute, as it asks about every request.
    pub fn tells_of_untrusted(&self, now: Timestamp) -> bool {
        let mut told = self.told_of_untrusted_at.lock().expect("no panic while the lock is held");
        let is_due = told.is_none_or(|at| now.since(at).abs() >= Duration::MINUTE);
        if is_due {
            *told = Some(now);
        }
        is_due
    }

    /// A proxy asked about a request to an application.
    pub fn note_asked(
        &self,
        (found, host): (&Found, &Authority),
        peer: Option<IpAddr>,
        is_let_in: bool,
        now: Timestamp,
    ) {
        let let_in_at = is_let_in.then_some(now);
        let seen = Seen { application: Some(found.id), asked_at: now, let_in_at, peer };
        self.note((found.application.host_of(host), None), seen);
    }

    /// Something is wrong with what is asked about a host.
    pub fn note_problem(
        &self,
        problem: Problem,
        (host, application): (String, Option<Uuid>),
        peer: Option<IpAddr>,
        now: Timestamp,
    ) {
        let seen = Seen { application, asked_at: now, let_in_at: None, peer };
        self.note((host, Some(problem)), seen);
    }

    fn note(&self, key: Key, seen: Seen) {
        let mut unwritten = self.unwritten.lock().expect("no panic while the lock is held");
        // Visitors can make up hosts. Those that are known are as many as applications have.
        let is_made_up = |key: &Key| key.1.is_some_and(Problem::is_of_unknown_host);
        if is_made_up(&key)
            && !unwritten.contains_key(&key)
            && unwritten.keys().filter(|key| is_made_up(key)).count() >= table::MOST_UNKNOWN
        {
            return;
        }
        let let_in_at = |before: &Seen| seen.let_in_at.max(before.let_in_at);
        unwritten
            .entry(key)
            .and_modify(|before| *before = Seen { let_in_at: let_in_at(before), ..seen })
            .or_insert(seen);
    }

    /// The next [`write`](Self::write) writes.
    pub fn write_soon(&self) {
        *self.written_at.lock().expect("no panic while the lock is held") = None;
    }

    /// Writes what was seen since the last time, at most every half minute.
    ///
    /// # Errors
    /// The database failed; it is written the next time.
    pub async fn write(&self, db: &Db, catalog: &Catalog, now: Timestamp) -> Result<()> {
        let seen = {
            let mut written_at = self.written_at.lock().expect("no panic while the lock is held");
            if written_at.is_some_and(|at| now.since(at).abs() < BETWEEN_WRITES) {
                return Ok(());
            }
            let mut unwritten = self.unwritten.lock().expect("no panic while the lock is held");
            if unwritten.is_empty() {
                return Ok(());
            }
            *written_at = Some(now);
            std::mem::take(&mut *unwritten)
        };
        let told = seen.iter().map(|(key, seen)| seen.told(key.clone())).collect();
        let known = |id| catalog.all().iter().any(|found| found.id == id);
        let written = table::add(db, told, known, now).await;
        if written.is_err() {
            let mut unwritten = self.unwritten.lock().expect("no panic while the lock is held");
            for (key, seen) in seen {
                unwritten.entry(key).or_insert(seen);
            }
        }
        written
    }

    /// All that is known: what was written by any server, and what this one saw since.
    ///
    /// # Errors
    /// The database failed.
    pub async fn all(&self, db: &impl ConnectionTrait) -> Result<Vec<Sighting>> {
        let rows = table::all(db).await?;
        let mut known: HashMap<Key, Sighting> =
            rows.into_iter().map(|row| ((row.host.clone(), row.problem), row)).collect();
        let unwritten = self.unwritten.lock().expect("no panic while the lock is held").clone();
        for (key, seen) in unwritten {
            let seen = seen.told(key.clone());
            let joined = known.remove(&key).into_iter().fold(seen, Sighting::joined);
            known.insert(key, joined);
        }
        let mut all: Vec<Sighting> = known.into_values().collect();
        all.sort_by(|one, other| (&one.host, one.asked_at).cmp(&(&other.host, other.asked_at)));
        Ok(all)
    }
}
