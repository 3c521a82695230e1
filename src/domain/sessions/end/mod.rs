//! Ending sessions. Always in this order: commit, then index, then answer.

mod by_owner;
pub(super) mod by_staff;
mod purge;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::acting::Actor;
use super::events;
use super::handle::Sessions;
use super::revocation::{Kind, OUTRIGHT, Revoked, revoke};
use super::session::{EndReason, SessionId};
use super::table;
use crate::base::error::Result;
use crate::base::store::{Hold, Txn, shared};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::audit::{self, Entry};

impl Sessions {
    /// Ends one session within the caller's transaction. Says whether it was live.
    pub(in crate::domain::sessions) async fn end(
        &self,
        txn: &Txn,
        sid: SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<(bool, Revoked)> {
        let ended = end_where(txn, table::Column::Sid.eq(sid), reason, now).await?;
        if ended == 0 {
            return Ok((false, Revoked::default()));
        }
        let life = (self.token_life(), now);
        let name = reason.name();
        Ok((true, revoke(txn, Kind::Session, sid.0, OUTRIGHT, &name, life).await?))
    }

    /// Ends all sessions of an account within the caller's transaction, but
    /// for `keep`, and moves its epoch on: one entry in the index, however
    /// many sessions there are. The kept one refreshes by itself. Browsers known
    /// until now are strangers from now on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_all(
        &self,
        txn: &Txn,
        account: &Account,
        keep: Option<SessionId>,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<(u64, Revoked)> {
        use sea_orm::sea_query::ExprTrait;
        let mut which = table::Column::AccountId.eq(account.id);
        if let Some(keep) = keep {
            which = which.and(table::Column::Sid.ne(keep));
        }
        // Before the sessions, as when a key is revoked: this order avoids deadlocks.
        shared::hold(txn, Hold::AccountEpoch).await?;
        let ended = end_where(txn, which, reason, now).await?;
        accounts::forget_browsers(txn, account.id, now).await?;
        Ok((ended, self.require_refresh(txn, account, &reason.name(), now).await?))
    }

    /// An entry to an application or a personal token has ended, within the
    /// caller's transaction, for this reason.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_held(
        &self,
        txn: &Txn,
        id: Uuid,
        reason: &str,
        now: Timestamp,
    ) -> Result<Revoked> {
        let life = (self.token_life(), now);
        revoke(txn, Kind::Token, id, OUTRIGHT, reason, life).await
    }

    /// Nothing of a deleted account is good any more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke_deleted(
        &self,
        txn: &Txn,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Revoked> {
        let life = (self.token_life(), now);
        revoke(txn, Kind::Account, account.0, OUTRIGHT, "account deleted", life).await
    }

    /// An older copy of the database was brought back: which of its sessions
    /// have ended since, nobody knows any more. Returns how many ended.
    ///
    /// # Errors
    /// The database failed; those ended so far stay ended.
    pub async fn end_after_restore(&self, actor: Actor<'_>, now: Timestamp) -> Result<u64> {
        let told = actor.does(events::BACKUP_RESTORED, None);
        // Past every epoch that was given out since the backup, also when the
        // same backup is brought back a second time.
        let words = ("backup restored", now.0.max(1 << 40));
        self.end_all_there_are(EndReason::Restored, words, told, now).await
    }

    pub(in crate::domain::sessions) async fn end_all_there_are(
        &self,
        why: EndReason,
        (words, by): (&str, i64),
        told: Entry<'_>,
        now: Timestamp,
    ) -> Result<u64> {
        const BATCH: u64 = 2000;
        let mut count = 0;
        loop {
            let live = table::Column::EndedAt.is_null();
            let sids = some_sids(self.db.read(), live, BATCH).await?;
            if sids.is_empty() {
                break;
            }
            let which = table::Column::Sid.is_in(sids);
            count += end_where(self.db.write(), which, why, now).await?;
        }
        let txn = self.db.begin().await?;
        let revoked = self.raise_global_epoch(&txn, words, by, now).await?;
        audit::record(&txn, told.with(json!({ "sessions_ended": count })), now).await?;
        txn.commit().await?;
        self.make_known([], revoked);
        Ok(count)
    }

    /// Ends every session whose present refresh token was made with this key,
    /// and makes everybody else refresh. Returns how many ended.
    ///
    /// # Errors
    /// The database failed; then none has ended.
    pub async fn end_of_key(&self, kid: &str, now: Timestamp) -> Result<u64> {
        let txn = self.db.begin().await?;
        // Before the sessions, as when all of an account are ended.
        let revoked = self.require_refresh_of_everyone(&txn, "key revoked", now).await?;
        let which = table::Column::Kid.eq(kid);
        let ended = end_where(&txn, which, EndReason::KeyRevoked, now).await?;
        txn.commit().await?;
        self.make_known([], revoked);
        Ok(ended)
    }

    /// Makes room for one more session of the account.
    pub(in crate::domain::sessions) async fn evict(
        &self,
        txn: &Txn,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Revoked> {
        let surplus = table::Entity::find()
            .filter(table::Column::AccountId.eq(account))
            .filter(table::Column::EndedAt.is_null())
            .order_by_desc(table::Column::LastSeenAt)
            .offset(self.policy.most_per_account.saturating_sub(1))
            .limit(100)
            .all(txn)
            .await?;
        let mut revoked = Revoked::default();
        for row in surplus {
            let (_, one) = self.end(txn, row.sid, EndReason::Evicted, now).await?;
            revoked = revoked.and(one);
        }
        Ok(revoked)
    }
}

async fn some_sids(db: &impl ConnectionTrait, which: Expr, limit: u64) -> Result<Vec<SessionId>> {
    let sids = table::Entity::find().select_only().column(table::Column::Sid);
    Ok(sids.filter(which).limit(limit).into_tuple().all(db).await?)
}

async fn end_where(
    db: &impl ConnectionTrait,
    which: Expr,
    reason: EndReason,
    now: Timestamp,
) -> Result<u64> {
    let ended = table::Entity::update_many()
        .col_expr(table::Column::EndedAt, Expr::value(now))
        .col_expr(table::Column::EndReason, Expr::value(reason))
        .filter(which)
        .filter(table::Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(ended.rows_affected)
}
