//! Entering an application: a session buys a code at our own host, and the
//! browser that asked for it brings the code to the application's.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::handshake::Challenge;
use super::table::{self, ENTRY_LIFE, code};
use super::{events, leave, refusals};
use crate::base::error::{Error, Result};
use crate::base::host::Authority;
use crate::base::secrets;
use crate::base::store::{Db, Txn};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::sessions::revocation::Revoked;
use crate::domain::sessions::{self, Audience, Session, SessionId, Sessions};

/// A code is good for so long.
pub const CODE_LIFE: Duration = Duration::seconds(60);
/// A session may have so many codes that nobody has used yet.
const MOST_UNUSED: u64 = 20;
/// A session may have so many codes in a minute.
const MOST_PER_MINUTE: u64 = 60;
/// A session has at most so many entries; the oldest make room.
const MOST_ENTRIES: u64 = 100;
/// Younger entries of the same session at the same host are other tabs of one browser.
const SAME_MOMENT: Duration = Duration::minutes(1);

/// A code for a live session to enter a host, for the browser with that challenge.
///
/// # Errors
/// `entries::refusals::TOO_OFTEN`; the database failed.
pub async fn code(
    db: &Db,
    sid: SessionId,
    (application, host): (Uuid, &Authority),
    challenge: Challenge,
    now: Timestamp,
) -> Result<String> {
    let recent = code::Entity::find()
        .filter(code::Column::Sid.eq(sid))
        .filter(code::Column::CreatedAt.gt(now - CODE_LIFE));
    let unused = recent.clone().filter(code::Column::UsedAt.is_null()).count(db.read()).await?;
    if unused >= MOST_UNUSED || recent.count(db.read()).await? >= MOST_PER_MINUTE {
        return Err(refusals::TOO_OFTEN.into());
    }
    let token = secrets::random_token();
    let row = code::ActiveModel {
        hash: Set(secrets::token_hash(&token)),
        sid: Set(sid),
        application_id: Set(application),
        host: Set(host.to_string()),
        challenge: Set(challenge.0.to_vec()),
        created_at: Set(now),
        used_at: Set(None),
    };
    code::Entity::insert(row).exec_without_returning(db.write()).await?;
    Ok(token)
}

/// Why a code admits nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEntry {
    /// There is no such code, or it is older than a minute.
    Unknown,
    /// It was presented before.
    Used,
    /// It was made for another host or another browser.
    Foreign,
    /// The session has ended meanwhile.
    SessionOver,
}

/// An entry that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Its id.
    pub id: Uuid,
    /// How long the browser keeps the cookie; `None`: until it is closed.
    pub remembered: Option<Duration>,
}

/// Enters with a code. Presenting it uses it up, also where it admits nobody.
///
/// # Errors
/// The database failed.
pub async fn enter(
    sessions: &Sessions,
    token: &str,
    (application, host): (Uuid, &Authority),
    challenge: Option<Challenge>,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<Result<Entered, NoEntry>> {
    let txn = sessions.db.begin().await?;
    let hash = secrets::token_hash(token);
    let Some(row) = code::Entity::find_by_id(hash.clone()).one(&txn).await? else {
        return Ok(Err(NoEntry::Unknown));
    };
    // One statement decides, so that of two at once one wins (ASVS V2.3.4).
    let used = code::Entity::update_many()
        .col_expr(code::Column::UsedAt, Expr::value(now))
        .filter(code::Column::Hash.eq(hash))
        .filter(code::Column::UsedAt.is_null())
        .exec(&txn)
        .await?;
    if used.rows_affected == 0 {
        return Ok(Err(NoEntry::Used));
    }
    let is_ours = row.host == host.to_string()
        && row.application_id == application
        && challenge.is_some_and(|challenge| secrets::same(&challenge.0, &row.challenge));
    let refused = if now.since(row.created_at) >= CODE_LIFE {
        Some(NoEntry::Unknown)
    } else if is_ours {
        None
    } else {
        Some(NoEntry::Foreign)
    };
    let live = match refused {
        None => live(&txn, row.sid, now).await?,
        Some(_) => None,
    };
    let Some((session, account)) = live else {
        txn.commit().await?;
        return Ok(Err(refused.unwrap_or(NoEntry::SessionOver)));
    };
    let id = secrets::random_id();
    let revoked = make_room(sessions, &txn, (session.sid, &row.host), now).await?;
    let entry = table::ActiveModel {
        id: Set(id),
        sid: Set(session.sid),
        application_id: Set(application),
        host: Set(row.host.clone()),
        auth_time: Set(session.auth.at),
        entered_at: Set(now),
        ended_at: Set(None),
    };
    table::Entity::insert(entry).exec_without_returning(&txn).await?;
    accounts::names::kept::keep(&txn, account.id, &account.canonical_username).await?;
    let told = Entry::by_owner(events::ENTERED, account.id.0, origin)
        .in_session(session.sid.0)
        .with(json!({ "host": row.host }));
    audit::record(&txn, told, now).await?;
    txn.commit().await?;
    sessions.make_known([], revoked);
    let remembered = session.remember.then_some(ENTRY_LIFE);
    Ok(Ok(Entered { id, remembered }))
}

async fn live(
    txn: &Txn,
    sid: SessionId,
    now: Timestamp,
) -> Result<Option<(Session, accounts::Account)>> {
    let session = match sessions::by_id(txn, sid).await {
        Err(Error::NotFound) => return Ok(None),
        session => session?,
    };
    let account = match accounts::by_id(txn, session.account).await {
        Err(Error::NotFound) => return Ok(None),
        account => account?,
    };
    let is_live =
        session.is_live(now) && session.client == Audience::Web && account.disabled_at.is_none();
    Ok(is_live.then_some((session, account)))
}

/// Ends the earlier entries of a session at a host, but for those of a moment
/// ago, and the oldest of those that are too many.
async fn make_room(
    sessions: &Sessions,
    txn: &Txn,
    (sid, host): (SessionId, &str),
    now: Timestamp,
) -> Result<Revoked> {
    use table::Column;
    let open =
        || table::Entity::find().filter(Column::Sid.eq(sid)).filter(Column::EndedAt.is_null());
    let earlier: Vec<Uuid> = open()
        .select_only()
        .column(Column::Id)
        .filter(Column::Host.eq(host))
        .filter(Column::EnteredAt.lt(now - SAME_MOMENT))
        .into_tuple()
        .all(txn)
        .await?;
    let surplus: Vec<Uuid> = open()
        .select_only()
        .column(Column::Id)
        .order_by_desc(Column::EnteredAt)
        .offset(MOST_ENTRIES - 1)
        .limit(100)
        .into_tuple()
        .all(txn)
        .await?;
    let ended: Vec<Uuid> = earlier.into_iter().chain(surplus).collect();
    leave::end(sessions, txn, &ended, now).await
}

/// Removes codes and entries that are over.
///
/// # Errors
/// The database failed.
pub async fn remove_expired(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    let codes =
        code::Entity::delete_many().filter(code::Column::CreatedAt.lt(now - Duration::HOUR));
    codes.exec(db).await?;
    let entries = table::Entity::delete_many()
        .filter(table::Column::EnteredAt.lt(now - ENTRY_LIFE - Duration::HOUR));
    entries.exec(db).await?;
    Ok(())
}
