//! Looking at sessions.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use super::session::{Audience, EndReason, SessionId};
use super::table;
use time::Duration;
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::base::store::Count;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{AccountId, Login};
use crate::domain::audit::RequestSource;
use crate::domain::login::AuthLevel;

/// A session as pages and the command line show it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its name.
    pub sid: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// A browser or a script.
    pub client: Audience,
    /// When the log-in was.
    pub created_at: Timestamp,
    /// What its owner proved last, and when.
    pub auth: AuthLevel,
    /// Whether it outlives the browser window.
    pub remember: bool,
    /// Where the log-in came from.
    pub origin: RequestSource,
    /// When it was last active, to half a minute.
    pub last_seen_at: Timestamp,
    /// The log-in to the account before this one.
    pub previous_login: Option<Login>,
    /// Wrong passwords between the two.
    pub failures_before: i64,
    /// Set when it is over, with the reason.
    pub ended: Option<(Timestamp, EndReason)>,
    idle_at: Timestamp,
    /// Its longest life ends then.
    pub absolute_at: Timestamp,
    staff_idle_at: Timestamp,
}

impl Session {
    pub(super) fn of(row: table::Model) -> Self {
        let (auth, ended) = (row.auth(), row.ended());
        let previous = RequestSource {
            address: row.previous_login_address,
            user_agent: row.previous_login_user_agent,
            ..RequestSource::default()
        };
        Self {
            sid: row.sid,
            account: row.account_id,
            client: row.client,
            created_at: row.created_at,
            auth,
            remember: row.remember,
            origin: RequestSource {
                address: row.address,
                user_agent: row.user_agent,
                ..RequestSource::default()
            },
            last_seen_at: row.last_seen_at,
            previous_login: row.previous_login_at.map(|at| Login { at, origin: previous }),
            failures_before: row.failures_before,
            ended,
            idle_at: row.idle_at,
            absolute_at: row.absolute_at,
            staff_idle_at: row.staff_idle_at,
        }
    }

    /// Whether it could still be carried on.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.idle_at && now < self.absolute_at
    }

    /// Whether it opens staff pages to an account that may see them: it was
    /// never unused for too long since the password was given, and that is less
    /// than `longest` ago.
    pub fn opens_staff_pages(&self, longest: Duration, now: Timestamp) -> bool {
        now < self.staff_idle_at && self.auth.is_within(longest, now)
    }
}

/// The session of that name.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id(db: &impl ConnectionTrait, sid: SessionId) -> Result<Session> {
    Ok(Session::of(table::Entity::find_by_id(sid).one(db).await?.ok_or(Error::NotFound)?))
}

/// The ids of all sessions of an account that are still on record.
///
/// # Errors
/// The database failed.
pub async fn ids_of(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<SessionId>> {
    let mine = table::Entity::find().select_only().column(table::Column::Sid);
    Ok(mine.filter(table::Column::AccountId.eq(account)).into_tuple().all(db).await?)
}

/// When each of these sessions was last active, as far as it is recorded.
///
/// # Errors
/// The database failed.
pub async fn last_seen(
    db: &impl ConnectionTrait,
    sids: &[SessionId],
) -> Result<HashMap<SessionId, Timestamp>> {
    if sids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(SessionId, Timestamp)> = table::Entity::find()
        .select_only()
        .columns([table::Column::Sid, table::Column::LastSeenAt])
        .filter(table::Column::Sid.is_in(sids.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The live sessions of an account, the one used last first.
///
/// # Errors
/// The database failed.
pub async fn live_of(
    db: &impl ConnectionTrait,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Session>> {
    let rows = table::Entity::find()
        .filter(table::Column::AccountId.eq(account))
        .filter(table::Column::EndedAt.is_null())
        .order_by_desc(table::Column::LastSeenAt)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Session::of).filter(|session| session.is_live(now)).collect())
}

/// Every session of an account that is still on record.
///
/// # Errors
/// The database failed.
#[cfg(feature = "test-support")]
pub async fn all_of(db: &impl ConnectionTrait, account: AccountId) -> Result<Vec<Session>> {
    let rows = table::Entity::find().filter(table::Column::AccountId.eq(account)).all(db).await?;
    Ok(rows.into_iter().map(Session::of).collect())
}

/// How many sessions are live.
///
/// # Errors
/// The database failed.
pub async fn count_live(db: &impl ConnectionTrait, now: Timestamp) -> Result<u64> {
    Ok(live(now).count(db).await?)
}

/// How many sessions are live; only until there are more than `most`.
///
/// # Errors
/// The database failed.
pub async fn count_live_up_to(
    db: &impl ConnectionTrait,
    now: Timestamp,
    most: u64,
) -> Result<Count> {
    let ids = live(now).select_only().column(table::Column::Sid);
    Count::up_to(db, ids.into_query(), most).await
}

fn live(now: Timestamp) -> Select<table::Entity> {
    table::Entity::find()
        .filter(table::Column::EndedAt.is_null())
        .filter(table::Column::IdleAt.gt(now))
}
