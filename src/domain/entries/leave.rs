//! Leaving: entries that end before their time, and those that go on under
//! another session.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Select,
};
use serde_json::json;
use uuid::Uuid;

use super::events;
use super::table::{Column, ENTRY_LIFE, Entity};
use crate::base::error::{Error, Result};
use crate::base::store::Txn;
use crate::base::timestamp::Timestamp;
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::sessions::revocation::Revoked;
use crate::domain::sessions::{Principal, SessionId, Sessions};

fn open(now: Timestamp) -> Select<Entity> {
    Entity::find().filter(Column::EndedAt.is_null()).filter(Column::EnteredAt.gt(now - ENTRY_LIFE))
}

/// How many entries to an application are open.
///
/// # Errors
/// The database failed.
pub async fn count(db: &impl ConnectionTrait, application: Uuid, now: Timestamp) -> Result<u64> {
    Ok(open(now).filter(Column::ApplicationId.eq(application)).count(db).await?)
}

/// The applications that each of these sessions has entered, with the session.
///
/// # Errors
/// The database failed.
pub async fn entered(
    db: &impl ConnectionTrait,
    sids: &[SessionId],
    now: Timestamp,
) -> Result<Vec<(SessionId, Uuid)>> {
    let rows = open(now).filter(Column::Sid.is_in(sids.iter().copied())).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.sid, row.application_id)).collect())
}

/// Somebody signed in leaves an application with one session: its own, or
/// another of the same account. The next request there is one of nobody.
///
/// # Errors
/// [`Error::NotFound`] when that session is another account's; the database failed.
pub async fn leave(
    sessions: &Sessions,
    who: &Principal,
    (sid, application): (SessionId, Uuid),
    origin: &RequestSource,
    now: Timestamp,
) -> Result<u64> {
    let txn = sessions.db.begin().await?;
    let session = crate::domain::sessions::by_id(&txn, sid).await?;
    if session.account != who.account {
        return Err(Error::NotFound);
    }
    let left = open(now)
        .filter(Column::Sid.eq(sid))
        .filter(Column::ApplicationId.eq(application))
        .order_by_desc(Column::EnteredAt)
        .all(&txn)
        .await?;
    if left.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = left.iter().map(|entry| entry.id).collect();
    let revoked = end(sessions, &txn, &ids, now).await?;
    let hosts: Vec<&str> = left.iter().map(|entry| &*entry.host).collect();
    let told = Entry::by_owner(events::LEFT, who.account.0, origin)
        .in_session(sid.0)
        .with(json!({ "hosts": hosts }));
    audit::record(&txn, told, now).await?;
    txn.commit().await?;
    sessions.make_known([who.account], revoked);
    Ok(ids.len() as u64)
}

/// Ends these entries within the caller's transaction.
pub(super) async fn end(
    sessions: &Sessions,
    txn: &Txn,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<Revoked> {
    if ids.is_empty() {
        return Ok(Revoked::default());
    }
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::EndedAt.is_null())
        .exec(txn)
        .await?;
    let mut revoked = Revoked::default();
    for id in ids {
        revoked = revoked.and(sessions.revoke_held(txn, *id, "entry ended", now).await?);
    }
    Ok(revoked)
}

/// The entries of a session that goes on under another name, because its owner
/// gave the password again, go on with it: with the right they had, and never
/// with that of the fresh proof.
///
/// # Errors
/// The database failed.
pub async fn carry_over(db: &impl ConnectionTrait, from: SessionId, to: SessionId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Sid, Expr::value(to))
        .filter(Column::Sid.eq(from))
        .filter(Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}
