//! Ending sessions. Always in this order: commit, then index, then answer.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::Duration;

use super::refresh::rotation::DISTANT;
use super::revocation::{Kind, OUTRIGHT, Revoked, remove_expired, revoke};
use super::tokens::refresh::RefreshToken;
use super::{Actor, EndReason, Issued, Renewal, SessionId, Sessions, Txn, tables};
use crate::base::error::{Denied, Error, Result};
use crate::base::store::{Hold, shared};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::audit::{self, Entry, Event, RequestSource};

/// Ended sessions are kept this long, so that a browser that comes back can be
/// told why it was signed out.
const KEPT: Duration = Duration::days(30);

impl Sessions {
    /// Ends one session within the caller's transaction. Says whether it was live.
    pub(super) async fn end(
        &self,
        txn: &Txn,
        sid: SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<(bool, Revoked)> {
        let ended = end_where(txn, tables::Column::Sid.eq(sid), reason, now).await?;
        if ended == 0 {
            return Ok((false, Revoked::default()));
        }
        let life = (self.token_life(), now);
        let name = reason.name();
        Ok((true, revoke(txn, Kind::Session, sid.0, OUTRIGHT, &name, life).await?))
    }

    /// The owner logs out.
    ///
    /// # Errors
    /// The database failed; then the session goes on.
    pub async fn log_out(
        &self,
        account: AccountId,
        sid: SessionId,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<()> {
        let txn = self.db.begin().await?;
        let (ended, revoked) = self.end(&txn, sid, EndReason::LoggedOut, now).await?;
        if ended {
            let told = Entry::by_owner(Event::LoggedOut, account.0, origin).in_session(sid.0);
            audit::record(&txn, told, now).await?;
        }
        txn.commit().await?;
        self.make_known([account], revoked);
        Ok(())
    }

    /// The owner ends one of their other sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not theirs or has ended: other people's
    /// sessions do not exist here (ASVS V8.2.2).
    pub async fn end_own(&self, sid: SessionId, actor: Actor<'_>, now: Timestamp) -> Result<()> {
        let (act, account) = self.begin_own(actor, now).await?;
        let row = tables::Entity::find_by_id(sid).one(&act.txn).await?;
        if row.is_none_or(|row| row.account_id != account.id) {
            return Err(Error::NotFound);
        }
        let (ended, revoked) = self.end(&act.txn, sid, EndReason::EndedElsewhere, now).await?;
        if !ended {
            return Err(Error::NotFound);
        }
        act.tell_of_session(Event::SessionEnded, account.id, sid, "").await?;
        act.commit().await?;
        self.make_known([account.id], revoked);
        Ok(())
    }

    /// The owner ends all sessions but this one, which is renewed: a copy of
    /// its cookies is one of the others. A copy could do the same and be the
    /// one that stays; so this takes the newest refresh token, and a password
    /// given so lately that no copy could be told from its original anyway.
    ///
    /// # Errors
    /// [`Error::Denied`]; then none has ended. [`Denied::NotRecent`] also
    /// without that token.
    pub async fn end_others(
        &self,
        keep: SessionId,
        shown: Option<&RefreshToken>,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Issued> {
        let (act, account) = self.begin_own(actor, now).await?;
        let row = tables::Entity::find_by_id(keep).one(&act.txn).await?;
        let row = row.ok_or(Denied::NotSignedIn)?;
        let lately = now.since(row.auth_time) < DISTANT;
        if !lately || !shown.is_some_and(|token| self.is_newest(token, &row, now)) {
            return Err(Denied::NotRecent.into());
        }
        let why = EndReason::EndedElsewhere;
        let (ended, revoked) = self.end_all(&act.txn, &account, Some(keep), why, now).await?;
        let words = format!("all others: {ended}");
        act.tell_of_session(Event::SessionEnded, account.id, keep, words).await?;
        let why = Renewal::OthersEnded;
        let (renewed, replaced) = self.renew(&act.txn, account.id, keep, why, now).await?;
        act.commit().await?;
        self.make_known([account.id], revoked.and(replaced));
        self.tokens_of(renewed, now).await
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
        let mut which = tables::Column::AccountId.eq(account.id);
        if let Some(keep) = keep {
            which = which.and(tables::Column::Sid.ne(keep));
        }
        // Before the sessions, as whoever revokes a key does: then nobody waits in a circle.
        shared::hold(txn, Hold::AccountEpoch).await?;
        let ended = end_where(txn, which, reason, now).await?;
        accounts::forget_browsers(txn, account.id, now).await?;
        Ok((ended, self.require_refresh(txn, account, &reason.name(), now).await?))
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
        let told = actor.does(Event::BackupRestored, None);
        // Past every epoch that was given out since the backup, also when the
        // same backup is brought back a second time.
        let words = ("backup restored", now.0.max(1 << 40));
        self.end_all_there_are(EndReason::Restored, words, told, now).await
    }

    pub(super) async fn end_all_there_are(
        &self,
        why: EndReason,
        (words, by): (&str, i64),
        told: Entry<'_>,
        now: Timestamp,
    ) -> Result<u64> {
        const BATCH: u64 = 2000;
        let mut count = 0;
        loop {
            let live = tables::Column::EndedAt.is_null();
            let sids = some_sids(self.db.read(), live, BATCH).await?;
            if sids.is_empty() {
                break;
            }
            let which = tables::Column::Sid.is_in(sids);
            count += end_where(self.db.write(), which, why, now).await?;
        }
        let txn = self.db.begin().await?;
        let revoked = self.raise_global_epoch(&txn, words, by, now).await?;
        audit::record(&txn, told.with(format!("sessions ended: {count}")), now).await?;
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
        // Before the sessions, as whoever ends all of an account does.
        let revoked = self.require_refresh_of_everyone(&txn, "key revoked", now).await?;
        let which = tables::Column::Kid.eq(kid);
        let ended = end_where(&txn, which, EndReason::KeyRevoked, now).await?;
        txn.commit().await?;
        self.make_known([], revoked);
        Ok(ended)
    }

    /// Makes room for one more session of the account.
    pub(super) async fn evict(
        &self,
        txn: &Txn,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Revoked> {
        let surplus = tables::Entity::find()
            .filter(tables::Column::AccountId.eq(account))
            .filter(tables::Column::EndedAt.is_null())
            .order_by_desc(tables::Column::LastSeenAt)
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

    /// Marks sessions that ran out, and removes rows and revocations nobody
    /// needs any more: a batch of each. Says whether there may be more.
    pub(super) async fn remove_some(&self, now: Timestamp) -> Result<bool> {
        use sea_orm::sea_query::ExprTrait;
        const BATCH: u64 = 200;
        use tables::Column;
        let mut more = false;
        for (column, reason) in
            [(Column::IdleAt, EndReason::Idle), (Column::AbsoluteAt, EndReason::Absolute)]
        {
            let over = Column::EndedAt.is_null().and(column.lte(now));
            let over = some_sids(self.db.read(), over, BATCH).await?;
            if !over.is_empty() {
                more |= over.len() as u64 == BATCH;
                // Still over: a request may have carried it on since.
                let which = Column::Sid.is_in(over).and(column.lte(now));
                end_where(self.db.write(), which, reason, now).await?;
            }
        }
        let old = some_sids(self.db.read(), Column::EndedAt.lte(now - KEPT), BATCH).await?;
        if !old.is_empty() {
            more |= old.len() as u64 == BATCH;
            let which = Column::Sid.is_in(old);
            tables::Entity::delete_many().filter(which).exec(self.db.write()).await?;
        }
        more |= remove_expired(self.db.write(), BATCH, now).await? == BATCH;
        Ok(more)
    }
}

async fn some_sids(db: &impl ConnectionTrait, which: Expr, limit: u64) -> Result<Vec<SessionId>> {
    let sids = tables::Entity::find().select_only().column(tables::Column::Sid);
    Ok(sids.filter(which).limit(limit).into_tuple().all(db).await?)
}

async fn end_where(
    db: &impl ConnectionTrait,
    which: Expr,
    reason: EndReason,
    now: Timestamp,
) -> Result<u64> {
    let ended = tables::Entity::update_many()
        .col_expr(tables::Column::EndedAt, Expr::value(now))
        .col_expr(tables::Column::EndReason, Expr::value(reason))
        .filter(which)
        .filter(tables::Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(ended.rows_affected)
}
