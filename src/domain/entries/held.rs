//! Who has entered, in memory: every request to an application asks here. The
//! row is read once for each entry, and then again when a revocation concerns
//! it or when what is held is as old as an access token may be.

use std::sync::Arc;
use std::time::Instant;

use moka::sync::Cache;
use sea_orm::EntityTrait;
use time::Duration;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::assertion::Subject;
use super::cookie;
use super::table::{self, ENTRY_LIFE};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::sessions::{self, Audience, EndReason, SessionId, Sessions};

/// So many entries are held; those not asked about for longest make room.
const MOST: u64 = 100_000;

/// Readings of different entries wait for each other only by chance.
const TURNS: usize = 64;

const RENEWED_AFTER: Duration = Duration::hours(12);

/// Somebody who has entered.
#[derive(Debug)]
pub struct Held {
    /// The session.
    pub session: SessionId,
    /// The application.
    pub application: Uuid,
    /// Who it is.
    pub subject: Subject,
    /// When it entered.
    pub entered_at: Timestamp,
    epoch: i64,
    absolute_at: Timestamp,
    until: Instant,
}

/// Why a cookie admits nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It was not made here, or for another host.
    Foreign,
    /// The entry has ended, or is too old.
    Ended,
    /// The session is over, for this reason where one is known.
    Session(Option<EndReason>),
}

impl Held {
    /// Whether it is so old that a navigation is led through the handshake again, so that a
    /// copied cookie ends.
    pub fn is_to_be_renewed(&self, now: Timestamp) -> bool {
        now.since(self.entered_at) >= RENEWED_AFTER
    }
}

#[derive(Clone)]
enum Kept {
    Open(Arc<Held>),
    // None of these ever opens again.
    Over(Over, Instant),
}

/// The entries that one server process holds.
pub struct Entries {
    held: Cache<Uuid, Kept>,
    turns: [Mutex<()>; TURNS],
}

impl Entries {
    /// None yet. What is held is read again after `life`, that of an access token.
    pub fn new(life: Duration) -> Self {
        let held = Cache::builder().max_capacity(MOST).time_to_live(life.unsigned_abs());
        Self { held: held.build(), turns: std::array::from_fn(|_| Mutex::default()) }
    }

    /// Who entered `host` with that cookie.
    ///
    /// # Errors
    /// The database failed: neither yes nor no.
    pub async fn present(
        &self,
        sessions: &Sessions,
        (text, host): (&str, &str),
        now: Timestamp,
    ) -> Result<Result<Arc<Held>, Over>> {
        let Some(id) = cookie::read(&sessions.keys, text, host, now) else {
            return Ok(Err(Over::Foreign));
        };
        if let Some(known) = self.known(sessions, id, now) {
            return Ok(known);
        }
        // Boxed: a future is as large as the rarest thing it may have to do.
        Box::pin(self.read_in_turn(sessions, id, now)).await
    }

    /// What is held, if it can be relied on.
    fn known(
        &self,
        sessions: &Sessions,
        id: Uuid,
        now: Timestamp,
    ) -> Option<Result<Arc<Held>, Over>> {
        match self.held.get(&id)? {
            Kept::Open(held) => {
                let is_good = Instant::now() < held.until
                    && now < held.absolute_at
                    && sessions.index.is_fresh()
                    && permits(sessions, id, &held);
                is_good.then_some(Ok(held))
            }
            Kept::Over(why, until) => (Instant::now() < until).then_some(Err(why)),
        }
    }

    async fn read_in_turn(
        &self,
        sessions: &Sessions,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Result<Arc<Held>, Over>> {
        // Requests of one page wait for the first of them.
        let _turn = self.turns[(id.as_u128() % TURNS as u128) as usize].lock().await;
        if let Some(known) = self.known(sessions, id, now) {
            return Ok(known);
        }
        metrics::counter!("doorward_entry_reads_total").increment(1);
        // A revocation can overtake a reading, but not every one.
        for _ in 0..4 {
            let began = Instant::now();
            let until = began + sessions.access_token_life();
            let read = read(sessions, id, until, now).await?;
            let Ok(held) = read else {
                let why = read.unwrap_err();
                self.held.insert(id, Kept::Over(why, until));
                return Ok(Err(why));
            };
            if permits(sessions, id, &held) {
                let held = Arc::new(held);
                self.held.insert(id, Kept::Open(Arc::clone(&held)));
                return Ok(Ok(held));
            }
        }
        Ok(Err(Over::Session(None)))
    }
}

fn permits(sessions: &Sessions, id: Uuid, held: &Held) -> bool {
    sessions.index.permits_entry(id, held.session, held.subject.account, held.epoch)
}

async fn read(
    sessions: &Sessions,
    id: Uuid,
    until: Instant,
    now: Timestamp,
) -> Result<Result<Held, Over>> {
    let (db, began) = (sessions.db.read(), sessions.index.global_epoch());
    let row = table::Entity::find_by_id(id).one(db).await?;
    let is_open = |row: &table::Model| row.ended_at.is_none() && now < row.entered_at + ENTRY_LIFE;
    let Some(row) = row.filter(is_open) else { return Ok(Err(Over::Ended)) };
    let session = match sessions::by_id(db, row.sid).await {
        Err(Error::NotFound) => return Ok(Err(Over::Session(None))),
        session => session?,
    };
    if !session.is_live(now) || session.client != Audience::Web {
        let reason = session.ended.map(|(_, reason)| reason);
        if reason == Some(EndReason::Renewed) {
            // It may go on under another name that was given to it meanwhile.
            let again = table::Entity::find_by_id(id).one(db).await?;
            if again.is_some_and(|again| again.sid != row.sid) {
                return Box::pin(read(sessions, id, until, now)).await;
            }
        }
        return Ok(Err(Over::Session(reason)));
    }
    let account = match accounts::by_id(db, session.account).await {
        Err(Error::NotFound) => return Ok(Err(Over::Session(None))),
        account => account?,
    };
    if account.disabled_at.is_some() {
        return Ok(Err(Over::Session(Some(EndReason::Disabled))));
    }
    // A role of staff that was given since waits for the password.
    let roles = account.roles_proved_at(row.auth_time);
    let epoch = sessions.index.epoch_as_read(account.id.0, account.epoch, began);
    Ok(Ok(Held {
        session: row.sid,
        application: row.application_id,
        subject: Subject::new(account, roles, Some(row.auth_time)),
        entered_at: row.entered_at,
        epoch,
        absolute_at: session.absolute_at.min(row.entered_at + ENTRY_LIFE),
        until,
    }))
}
