//! Sessions: being signed in on one browser, from sign-in to end. Here are the
//! words everyone uses; `start`, `verify`, `refresh`, `renew` and `ending` are
//! its life in this order, `rotation` is the protocol of its tokens, and
//! `revocation` makes its end known at once.

mod acting;
mod activity;
mod by_staff;
mod end;
mod epochs;
mod list;
pub mod refresh;
mod renew;
pub mod revocation;
pub mod search;
mod start;
mod surplus;
mod tables;
pub mod tokens;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sea_orm::entity::prelude::StringLen;
use sea_orm::{DatabaseTransaction, DeriveActiveEnum, DeriveValueType, EnumIter};
use time::Duration;
use uuid::Uuid;

use self::activity::Activity;
use self::refresh::rotation::Moment;
use self::revocation::{Index, Revoked};
use self::tokens::access::{Claims, Issuer};
use self::tokens::refresh::RefreshToken;
use crate::base::error::Result;
use crate::base::keys::{Keys, Purpose};
use crate::base::secrets;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Roles;
use crate::domain::accounts::{Account, AccountId};
use crate::domain::audit::RequestSource;
use crate::domain::statistics::{self, Counters};

pub use self::acting::{Act, Actor};
pub use self::by_staff::Named;
pub use self::list::{Session, all_of, by_id, count_live, last_seen, live_of};
pub use self::refresh::{Predecessor, Refreshed};
pub use self::renew::{Renewal, Renewed};
pub use self::start::Replaces;
pub use self::verify::Access;

/// Names a session: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct SessionId(pub Uuid);

impl SessionId {
    /// The id behind its 22 characters.
    pub fn parse(text: &str) -> Option<Self> {
        secrets::decode_id(text).map(Self)
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&secrets::encode_id(self.0))
    }
}

/// SeaORM asks this of every key; ours are never numbers from the database.
impl sea_orm::TryFromU64 for SessionId {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("SessionId"))
    }
}

/// Who holds the tokens. Those of one kind are no good to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Audience {
    /// A browser, in cookies.
    Web,
    /// A script, in the `Authorization` header.
    Api,
}

/// Why a session ended. The person is told (see `web::login`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum EndReason {
    /// Not used for too long.
    Idle,
    /// Reached its longest life.
    Absolute,
    /// The person logged out.
    LoggedOut,
    /// The person logged in anew in the same browser.
    Replaced,
    /// The person ended it from another browser.
    EndedElsewhere,
    /// More places than one account may be signed in at.
    Evicted,
    /// Staff ended it.
    #[sea_orm(string_value = "by_admin")]
    ByStaff,
    /// The account was switched off.
    Disabled,
    /// The password was changed or reset elsewhere.
    PasswordChanged,
    /// A refresh token was used again after its successor.
    Reuse,
    /// The key behind its tokens was revoked.
    KeyRevoked,
    /// An older copy of the database was brought back.
    Restored,
    /// The person gave the password again, changed it, or signed out everywhere
    /// else: it goes on under a new name.
    Renewed,
}

impl EndReason {
    /// The word in logs and exports.
    pub fn name(self) -> String {
        sea_orm::ActiveEnum::to_value(&self)
    }
}

/// Who a request comes from, as its access token states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The roles at the token's issue.
    pub roles: Roles,
    /// When the password was last given.
    pub auth_time: Timestamp,
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        Self {
            account: claims.sub,
            session: claims.sid,
            roles: claims.roles,
            auth_time: claims.auth_time,
        }
    }
}

/// A pair of tokens for one session.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Whose they are.
    pub principal: Principal,
    /// The access token, and how long it is good.
    pub access_token: (String, Duration),
    /// The refresh token.
    pub refresh_token: String,
    /// How long the browser keeps the refresh token; `None`: until it is closed.
    pub remembered: Option<Duration>,
}

/// How long things last.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Unused for this long, a session ends.
    pub idle: Duration,
    /// A session's longest life.
    pub absolute: Duration,
    /// The same two for "remember me".
    pub remember_idle: Duration,
    /// The longest life of a remembered session.
    pub remember_absolute: Duration,
    /// The same two for members of staff, remembered or not.
    pub staff_idle: Duration,
    /// The longest life of a session of a member of staff.
    pub staff_absolute: Duration,
    /// How long after the password was given acts are allowed that ask for it.
    pub recent_login: Duration,
    /// Places one account may be signed in at; the one unused longest gives way.
    pub most_per_account: u64,
}

impl Policy {
    /// Idle and absolute limit.
    fn limits(&self, remember: bool, staff: bool) -> (Duration, Duration) {
        let (idle, absolute) = if remember {
            (self.remember_idle, self.remember_absolute)
        } else {
            (self.idle, self.absolute)
        };
        if staff {
            (idle.min(self.staff_idle), absolute.min(self.staff_absolute))
        } else {
            (idle, absolute)
        }
    }
}

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
    issuer: Issuer,
    policy: Policy,
    activity: Activity,
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

    /// Says whether the clock can be relied upon (`Clock::is_certain`).
    pub fn rely_on_time(&self, certain: bool) {
        self.time_is_certain.store(certain, Ordering::Release);
    }

    /// The time of a judgement. While the clock was set or is wrong, moments may
    /// lie around a step of it.
    fn moment(&self, now: Timestamp) -> Moment {
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

    /// Tokens of the row's present generation, handed out at `mark`.
    fn issue(
        &self,
        row: &tables::Model,
        mark: Timestamp,
        account: &Account,
        now: Timestamp,
    ) -> Result<Issued> {
        let ring = self.keys.ring();
        let expires_at = (now + self.issuer.life).min(row.absolute_at);
        let claims = Claims {
            sub: account.id,
            sid: row.sid,
            jti: secrets::random_id(),
            generation: row.generation,
            mark,
            epoch: self.index.epoch_of_token(account.id.0, account.epoch),
            roles: account.roles.clone(),
            auth_time: row.auth_time,
            issued_at: now,
            expires_at,
        };
        let key = ring
            .by_kid(Purpose::Refresh, &row.kid, now)
            .unwrap_or_else(|| ring.signing(Purpose::Refresh));
        let access = self.issuer.issue(ring.signing(Purpose::Access), row.client, &claims)?;
        let refresh = RefreshToken::issue(key, row.sid, row.generation, mark, &row.salt);
        Ok(Issued {
            principal: claims.into(),
            access_token: (access, expires_at.since(now)),
            refresh_token: refresh.to_string(),
            remembered: row.remember.then(|| row.absolute_at.since(now)),
        })
    }

    /// What a server does about once a second: take up what other processes
    /// revoked, and write down what was seen.
    ///
    /// # Errors
    /// The database failed; both are done again the next time.
    pub async fn sync(&self, now: Timestamp) -> Result<()> {
        self.index.read_tail(self.db.read(), now).await?;
        self.index.write_acknowledgements(self.db.write()).await?;
        self.counters.write(self.db.write()).await?;
        for showing in self.activity.write(&self.db).await? {
            self.end_if_two_hold(showing, &RequestSource::default(), now).await?;
        }
        Ok(())
    }

    /// What a server does about once a minute: forget and remove what is over,
    /// in batches small enough not to hold up a log-in. Says whether there may be more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_expired(&self, now: Timestamp) -> Result<bool> {
        if self.remove_some(now).await? || self.remove_surplus(now).await? {
            return Ok(true);
        }
        self.index.forget_expired(Instant::now());
        self.activity.forget_old(now);
        statistics::forget_old(self.db.write(), now).await?;
        let live = list::count_live(self.db.read(), now).await?;
        statistics::set(self.db.write(), statistics::LIVE_SESSIONS, live as i64, now).await?;
        Ok(false)
    }

    /// When this process last let a request of that session in.
    pub fn last_accepted(&self, sid: SessionId) -> Option<Timestamp> {
        self.activity.last_accepted(sid)
    }

    /// How long an access token could still be good after `now`.
    fn token_life(&self) -> Duration {
        self.issuer.life + tokens::access::LEEWAY + Duration::minutes(1)
    }
}

/// A transaction, where a function must not be called outside one.
type Txn = DatabaseTransaction;
