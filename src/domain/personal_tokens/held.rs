//! Who shows a token, in memory: every request with one asks here. Its row is
//! read as that of an entry is, and the same revocations end what is held.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use ipnet::IpNet;
use moka::sync::Cache;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::Duration;
use uuid::Uuid;

use super::format::Digest;
use super::misuse::{Known, Misuses};
use super::new::Reach;
use super::queue::Queue;
use super::table;
use super::usage::Usage;
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::applications::sightings::TokenFault;
use crate::domain::entries::Subject;
use crate::domain::sessions::Sessions;

/// So many tokens are held; those not shown for longest make room.
const MOST: u64 = 100_000;

const REMEMBERED: Duration = Duration::days(1);

/// The account behind a token, with what the token leaves it.
#[derive(Debug)]
pub struct Bearer {
    /// The token.
    pub token: Arc<Known>,
    /// Who it is, with the roles that both the token and the account have.
    pub subject: Subject,
    reach: Reach,
    networks: Vec<IpNet>,
    expires_at: Option<Timestamp>,
    epoch: i64,
    until: Instant,
}

/// What becomes of a token that was shown.
#[derive(Clone, Debug)]
pub enum Presented {
    /// It is good.
    Good(Arc<Bearer>),
    /// It is not; whose it is or was, where somebody had it.
    Refused(TokenFault, Option<Arc<Known>>),
    /// Too many are being read: ask again in seconds.
    Busy,
}

impl Bearer {
    /// Why the token does not open that application from there, as a password
    /// or otherwise; nothing where it does.
    pub fn fault_at(
        &self,
        application: Uuid,
        from: Option<IpAddr>,
        is_password: bool,
    ) -> Option<TokenFault> {
        let is_within = |address| self.networks.iter().any(|network| network.contains(&address));
        if !self.reach.includes(application) {
            Some(TokenFault::OtherApplication)
        } else if !(self.networks.is_empty() || from.is_some_and(is_within)) {
            Some(TokenFault::OtherNetwork)
        } else if is_password && !self.reach.is_single() {
            Some(TokenFault::NotAPassword)
        } else {
            None
        }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

#[derive(Clone)]
enum Kept {
    Good(Arc<Bearer>),
    // It is never good again.
    Over(TokenFault, Arc<Known>, Instant),
}

/// The tokens that one server process holds.
pub struct Tokens {
    held: Cache<Digest, Kept>,
    queue: Queue,
    /// When they were shown.
    pub usage: Usage,
    /// When they were refused.
    pub misuses: Misuses,
}

impl Default for Tokens {
    fn default() -> Self {
        // Far longer than one is relied on: what was read once never waits behind
        // what anybody makes up.
        let held = Cache::builder().max_capacity(MOST).time_to_idle(REMEMBERED.unsigned_abs());
        Self {
            held: held.build(),
            queue: Queue::default(),
            usage: Usage::default(),
            misuses: Misuses::default(),
        }
    }
}

impl Tokens {
    /// Who shows the token of that digest.
    ///
    /// # Errors
    /// The database failed: neither yes nor no.
    pub async fn present(
        &self,
        sessions: &Sessions,
        digest: Digest,
        now: Timestamp,
    ) -> Result<Presented> {
        match self.known(sessions, digest, now) {
            Some(known) => Ok(known),
            None => Box::pin(self.read_in_turn(sessions, digest, now)).await,
        }
    }

    /// What is held, if it can be relied on.
    fn known(&self, sessions: &Sessions, digest: Digest, now: Timestamp) -> Option<Presented> {
        match self.held.get(&digest)? {
            Kept::Good(bearer) => {
                let is_current = Instant::now() < bearer.until
                    && sessions.index.is_fresh()
                    && permits(sessions, &bearer);
                is_current.then(|| match bearer.is_over(now) {
                    true => Presented::Refused(TokenFault::Expired, Some(bearer.token.clone())),
                    false => Presented::Good(bearer),
                })
            }
            Kept::Over(why, whose, until) => {
                let is_current = Instant::now() < until
                    && sessions.index.is_fresh()
                    && !sessions.index.is_deleted(whose.account);
                is_current.then_some(Presented::Refused(why, Some(whose)))
            }
        }
    }

    async fn read_in_turn(
        &self,
        sessions: &Sessions,
        digest: Digest,
        now: Timestamp,
    ) -> Result<Presented> {
        let was_read = self.held.contains_key(&digest);
        let Some(place) = self.queue.place(digest, was_read) else { return Ok(Presented::Busy) };
        let mut is_nobodys = place.lock().await;
        if *is_nobodys {
            return Ok(Presented::Refused(TokenFault::Unknown, None));
        }
        let _reading = match was_read {
            true => None,
            false => Some(self.queue.readings.acquire().await.expect("it is never closed")),
        };
        if let Some(known) = self.known(sessions, digest, now) {
            return Ok(known);
        }
        metrics::counter!("doorward_token_reads_total").increment(1);
        // A revocation can overtake a reading, but not every one.
        for _ in 0..4 {
            let until = Instant::now() + sessions.access_token_life();
            let bearer = match read(sessions, digest, until, now).await? {
                Ok(bearer) => bearer,
                Err((why, whose)) => {
                    // What nobody has takes no room, and accounts are enabled again.
                    match whose.clone().filter(|_| why.is_final()) {
                        Some(whose) => self.held.insert(digest, Kept::Over(why, whose, until)),
                        None if why == TokenFault::Unknown => {
                            *is_nobodys = true;
                            self.held.invalidate(&digest);
                        }
                        None => {}
                    }
                    return Ok(Presented::Refused(why, whose));
                }
            };
            if permits(sessions, &bearer) {
                let bearer = Arc::new(bearer);
                self.held.insert(digest, Kept::Good(Arc::clone(&bearer)));
                return Ok(Presented::Good(bearer));
            }
        }
        Ok(Presented::Refused(TokenFault::Revoked, None))
    }
}

fn permits(sessions: &Sessions, bearer: &Bearer) -> bool {
    sessions.index.permits_token(bearer.token.id, bearer.token.account, bearer.epoch)
}

async fn read(
    sessions: &Sessions,
    digest: Digest,
    until: Instant,
    now: Timestamp,
) -> Result<Result<Bearer, (TokenFault, Option<Arc<Known>>)>> {
    let (db, began) = (sessions.db.read(), sessions.index.global_epoch());
    let hash = digest.0.to_vec();
    let row = table::Entity::find().filter(table::Column::Hash.eq(hash)).one(db).await?;
    let Some(row) = row else { return Ok(Err((TokenFault::Unknown, None))) };
    let token = Arc::new(Known {
        id: row.id,
        account: row.account_id,
        name: row.name.as_str().into(),
        hint: row.hint.as_str().into(),
    });
    if row.revoked_at.is_some() {
        return Ok(Err((TokenFault::Revoked, Some(token))));
    }
    if row.expires_at.is_some_and(|at| at <= now) {
        return Ok(Err((TokenFault::Expired, Some(token))));
    }
    let account = match accounts::by_id(db, row.account_id).await {
        Err(Error::NotFound) => return Ok(Err((TokenFault::Unknown, None))),
        account => account?,
    };
    if account.disabled_at.is_some() {
        return Ok(Err((TokenFault::Disabled, Some(token))));
    }
    // A role of staff that was given since does not grow into an older token.
    let has = account.roles_proved_at(row.created_at);
    let epoch = sessions.index.epoch_as_read(account.id.0, account.epoch, began);
    Ok(Ok(Bearer {
        token,
        subject: Subject::new(account, has.common(&row.roles()?), None),
        reach: row.reach()?,
        networks: row.networks()?,
        expires_at: row.expires_at,
        epoch,
        until,
    }))
}
