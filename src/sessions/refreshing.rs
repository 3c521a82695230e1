//! Carrying a session on: from an access token to its principal, and from a
//! refresh token to the next pair. The protocol's table is `refresh_token::judge`.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::access_token::{Claims, Fault};
use super::refresh_token::{RefreshToken, Verdict, judge};
use super::revocation::{Kind, Revoked, revoke, stands_in_table};
use super::{Client, EndReason, Issued, Principal, SessionId, Sessions, Txn, entity};
use crate::accounts::{self, Account};
use crate::audit::{self, Entry, Event, Origin};
use crate::db::Again;
use crate::error::{Error, Result};
use crate::keys::{Key, Purpose, Ring};
use crate::statistics;
use crate::timestamp::Timestamp;

/// What came of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// The next pair, or the same one again.
    Issued(Box<Issued>),
    /// The session is over; the person may be told why.
    Over(EndReason),
    /// Not a token of ours: as if there had been none.
    Unknown,
}

impl Sessions {
    /// Who an access token speaks for; `None` when it is not ours, not good
    /// any more, or must be refreshed first.
    ///
    /// # Errors
    /// The database failed while the index could not be relied upon: the
    /// answer is then neither yes nor no.
    pub async fn principal(
        &self,
        token: &str,
        client: Client,
        now: Timestamp,
    ) -> Result<Option<Principal>> {
        let verify = |ring: &Ring| match self.issuer.verify(ring, client, token, now) {
            Err(Fault::UnknownKey) => None,
            verified => Some(verified),
        };
        let claims = match self.keys.find(verify).unwrap_or(Err(Fault::UnknownKey)) {
            Ok(claims) => claims,
            Err(Fault::Time) => return Ok(None),
            Err(fault) => {
                tracing::warn!(reason = ?fault, "token.invalid");
                return Ok(None);
            }
        };
        if !self.index.permits(&claims) {
            return Ok(None);
        }
        // Boxed: a future is as large as the rarest thing it may have to do.
        if !self.index.is_fresh() && !Box::pin(self.is_good_in_database(&claims, now)).await? {
            return Ok(None);
        }
        self.sightings.note(claims.sid, claims.generation, now);
        Ok(Some(claims.into()))
    }

    async fn is_good_in_database(&self, claims: &Claims, now: Timestamp) -> Result<bool> {
        let db = self.db.read();
        if stands_in_table(db, claims).await? {
            return Ok(false);
        }
        let row = entity::Entity::find_by_id(claims.sid).one(db).await?;
        let live = row.is_some_and(|row| row.ended_at.is_none() && now < row.absolute_at);
        Ok(live && accounts::by_id(db, claims.sub).await?.epoch <= claims.epoch)
    }

    /// Trades a refresh token for the session's present pair of tokens.
    ///
    /// Any number of tabs may ask at once, an answer may get lost and be asked
    /// for again; a token that comes back after its successor was in use ends
    /// the session, because two hold it (RFC 9700, section 4.14.2).
    ///
    /// # Errors
    /// The database failed: the token is as good as before.
    pub async fn refresh(
        &self,
        token: &RefreshToken,
        client: Client,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Refreshed> {
        let mut conflicts = Again::default();
        // A rotation lost to another request is judged again by its result.
        for _ in 0..8 {
            let Some(row) = entity::Entity::find_by_id(token.sid).one(self.db.read()).await? else {
                return Ok(Refreshed::Unknown);
            };
            if row.client != client {
                return Ok(Refreshed::Unknown);
            }
            match self.authenticity(token, &row, now) {
                Authenticity::Ours => {}
                Authenticity::RevokedKey => return Ok(Refreshed::Over(EndReason::KeyRevoked)),
                Authenticity::Forged => {
                    if let Some(kid) = self.keys.missing() {
                        return Err(Error::MissingKey(kid));
                    }
                    tracing::warn!(reason = "refresh token", "token.invalid");
                    return Ok(Refreshed::Unknown);
                }
            }
            if row.ended_at.is_some() {
                return Ok(Refreshed::Over(row.end_reason.unwrap_or(EndReason::ByAdmin)));
            }
            let confirmed = row.confirmed_gen.max(self.sightings.generation(row.sid));
            let verdict = judge(token.generation, &row, confirmed, now);
            metrics::counter!("doorward_refreshes_total", "case" => verdict.name()).increment(1);
            let done = match verdict {
                Verdict::Rotate => self.rotate(&row, now).await,
                Verdict::Again => self.again(&row, now).await,
                Verdict::Reuse => self.stop(&row, EndReason::Reuse, origin, now).await,
                Verdict::Restored => self.stop(&row, EndReason::Restored, origin, now).await,
            };
            match done {
                Ok(Some(refreshed)) => return Ok(refreshed),
                Ok(None) => {}
                Err(error) if conflicts.after(&error).await => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::broken("A session's row changed faster than it could be read."))
    }

    fn authenticity(
        &self,
        token: &RefreshToken,
        row: &entity::Model,
        now: Timestamp,
    ) -> Authenticity {
        let made_by = |key: &Key| token.is_made_by(key, &row.salt);
        let authenticity = |ring: &Ring| {
            if ring.verifying(Purpose::Refresh, now).any(made_by) {
                Some(Authenticity::Ours)
            } else if ring.revoked(Purpose::Refresh).any(made_by) {
                Some(Authenticity::RevokedKey)
            } else {
                None
            }
        };
        self.keys.find(authenticity).unwrap_or(Authenticity::Forged)
    }

    /// The newest token: move to the next generation. `None` when another
    /// request was faster.
    async fn rotate(&self, row: &entity::Model, now: Timestamp) -> Result<Option<Refreshed>> {
        use entity::Column;
        let account = match accounts::by_id(self.db.read(), row.account_id).await {
            Err(Error::NotFound) => return Ok(Some(Refreshed::Unknown)),
            account => account?,
        };
        let (idle, absolute) = self.policy.limits(row.remember, account.roles.is_staff());
        let absolute_at = row.absolute_at.min(row.created_at + absolute);
        if let Some(reason) = ended_by_time(row, absolute_at, &account, now) {
            return self.stop(row, reason, &Origin::default(), now).await;
        }
        let mut next = row.clone();
        next.generation += 1;
        next.kid = self.keys.ring().signing(Purpose::Refresh).kid.clone();
        next.absolute_at = absolute_at;
        let rotated = entity::Entity::update_many()
            .col_expr(Column::Generation, Expr::value(next.generation))
            .col_expr(Column::RotatedAt, Expr::value(now))
            .col_expr(Column::LastSeenAt, Expr::value(now))
            .col_expr(Column::IdleMillis, Expr::value(idle.whole_milliseconds() as i64))
            .col_expr(Column::IdleAt, Expr::value(now + idle))
            .col_expr(Column::AbsoluteAt, Expr::value(absolute_at))
            .col_expr(Column::Kid, Expr::value(&next.kid))
            .filter(Column::Sid.eq(row.sid))
            .filter(Column::Generation.eq(row.generation))
            .filter(Column::EndedAt.is_null())
            .filter(Column::IdleAt.gt(now))
            .filter(Column::AbsoluteAt.gt(now))
            .exec(self.db.write())
            .await?
            .rows_affected
            == 1;
        if !rotated {
            return Ok(None);
        }
        self.counters.count(statistics::REFRESHES, now);
        Ok(Some(Refreshed::Issued(Box::new(self.issue(&next, &account, now)?))))
    }

    /// The parent of the newest token, whose answer may still be on its way:
    /// the same successor again. Nothing moves.
    async fn again(&self, row: &entity::Model, now: Timestamp) -> Result<Option<Refreshed>> {
        let account = match accounts::by_id(self.db.read(), row.account_id).await {
            Err(Error::NotFound) => return Ok(Some(Refreshed::Unknown)),
            account => account?,
        };
        if let Some(reason) = ended_by_time(row, row.absolute_at, &account, now) {
            return self.stop(row, reason, &Origin::default(), now).await;
        }
        Ok(Some(Refreshed::Issued(Box::new(self.issue(row, &account, now)?))))
    }

    /// Ends the session unless its row changed meanwhile (then `None`).
    async fn stop(
        &self,
        row: &entity::Model,
        reason: EndReason,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<Refreshed>> {
        let txn = self.db.begin().await?;
        let (ended, revoked) = self.end_in(&txn, row, reason, now).await?;
        if !ended {
            return Ok(None);
        }
        let event = match reason {
            EndReason::Reuse => Some(Event::RefreshReuse),
            EndReason::Restored => Some(Event::DatabaseRestored),
            _ => None,
        };
        if let Some(event) = event {
            let told = Entry::about(event, row.account_id.0, origin)
                .in_session(row.sid.0)
                .with(format!("session was last used from {}", row.address));
            audit::record(&txn, told, now).await?;
        }
        txn.commit().await?;
        self.make_known([row.account_id], revoked);
        Ok(Some(Refreshed::Over(reason)))
    }

    /// Ends the session of `row` if it still is in the generation of `row`.
    async fn end_in(
        &self,
        txn: &Txn,
        row: &entity::Model,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<(bool, Revoked)> {
        let present = entity::Entity::find_by_id(row.sid).lock_exclusive().one(txn).await?;
        if present.is_none_or(|present| present.generation != row.generation) {
            return Ok((false, Revoked::default()));
        }
        self.end(txn, row.sid, reason, now).await
    }

    /// New tokens for a session whose owner has just given the password: the
    /// next generation, a new `auth_time`, and every older access token revoked
    /// at once. The session keeps its name, so that an answer lost on the way
    /// can be asked for again.
    ///
    /// A generation that no browser has shown yet stays: it was made for this
    /// very request, and moving on from it would leave the browser two behind.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the session has ended.
    pub async fn renew(
        &self,
        txn: &Txn,
        sid: SessionId,
        now: Timestamp,
    ) -> Result<(Renewed, Revoked)> {
        use entity::Column;
        let row = entity::Entity::find_by_id(sid).lock_exclusive().one(txn).await?;
        let mut row = row.filter(|row| row.ended_at.is_none()).ok_or(Error::NotFound)?;
        if row.confirmed_gen.max(self.sightings.generation(sid)) >= row.generation {
            row.generation += 1;
            row.rotated_at = now;
            row.kid = self.keys.ring().signing(Purpose::Refresh).kid.clone();
        }
        row.auth_time = now;
        entity::Entity::update_many()
            .col_expr(Column::Generation, Expr::value(row.generation))
            .col_expr(Column::RotatedAt, Expr::value(row.rotated_at))
            .col_expr(Column::Kid, Expr::value(&row.kid))
            .col_expr(Column::AuthTime, Expr::value(now))
            .filter(Column::Sid.eq(sid))
            .exec(txn)
            .await?;
        let life = (self.token_life(), now);
        let revoked = revoke(txn, Kind::Session, sid.0, row.generation, "renewed", life).await?;
        Ok((Renewed(row), revoked))
    }

    /// The tokens of a renewed session, once the renewal is committed.
    ///
    /// # Errors
    /// The account is gone, or the tokens cannot be signed.
    pub async fn tokens_of(&self, renewed: Renewed, now: Timestamp) -> Result<Issued> {
        let account = accounts::by_id(self.db.read(), renewed.0.account_id).await?;
        self.issue(&renewed.0, &account, now)
    }
}

/// A session in its new generation, not yet committed.
#[must_use]
pub struct Renewed(entity::Model);

enum Authenticity {
    Ours,
    RevokedKey,
    Forged,
}

fn ended_by_time(
    row: &entity::Model,
    absolute_at: Timestamp,
    account: &Account,
    now: Timestamp,
) -> Option<EndReason> {
    if account.disabled_at.is_some() {
        Some(EndReason::Disabled)
    } else if absolute_at <= now {
        Some(EndReason::Absolute)
    } else if row.idle_at <= now {
        Some(EndReason::Idle)
    } else {
        None
    }
}
