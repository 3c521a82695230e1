//! From a refresh token to the next pair. The protocol's table is
//! [`self::rotation`].

pub mod rotation;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany};
use serde_json::json;

use self::rotation::{GRACE, Presented, Rotation, Verdict};
use super::events;
use super::handle::Sessions;
use super::revocation::Revoked;
use super::session::{Audience, EndReason, Principal, SessionId};
use super::table;
use super::tokens::access::Claims;
use super::tokens::pair::Issued;
use super::tokens::refresh::RefreshToken;
use crate::base::error::{Error, Result};
use crate::base::keys::{Key, Purpose, Ring};
use crate::base::store::{Retry, Txn};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::statistics;

/// What came of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// The next pair, or the same one again.
    Issued(Box<Issued>),
    /// A request that was on its way while the browser got newer tokens: it
    /// goes through, and gets none.
    LetIn(Principal),
    /// The session was renewed less than a minute ago, and this is a token of before.
    Renewed(Predecessor),
    /// The session is over; the person may be told why.
    Ended(EndReason),
    /// Not a token made here: as if there had been none.
    Unknown,
}

/// A session that goes on under a new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// Its name.
    pub sid: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The session that goes on in its place.
    pub successor: SessionId,
}

impl Sessions {
    /// Trades a refresh token for the session's present pair of tokens.
    /// `outdated` is an access token that came along, ours and not run out,
    /// that must be refreshed nonetheless.
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
        outdated: Option<&Claims>,
        client: Audience,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Refreshed> {
        let presented = Presented {
            generation: token.generation,
            mark: token.mark,
            unexpired: outdated.is_some_and(|claims| {
                claims.sid == token.sid && claims.generation == token.generation
            }),
        };
        let mut conflicts = Retry::default();
        // A hand-out lost to another request is judged again by its result.
        for _ in 0..8 {
            let Some(row) = table::Entity::find_by_id(token.sid).one(self.db.read()).await? else {
                return Ok(Refreshed::Unknown);
            };
            if row.client != client {
                return Ok(Refreshed::Unknown);
            }
            match self.authenticity(token, &row, now) {
                Authenticity::Ours => {}
                Authenticity::RevokedKey => return Ok(Refreshed::Ended(EndReason::KeyRevoked)),
                Authenticity::Forged => {
                    if let Some(kid) = self.keys.missing() {
                        return Err(Error::MissingKey(kid));
                    }
                    let RequestSource { request_id, address, .. } = origin;
                    let reason = "refresh token";
                    tracing::warn!(id = request_id, address, reason, "token.invalid");
                    return Ok(Refreshed::Unknown);
                }
            }
            if row.ended_at.is_some() {
                return self.after_the_end(&row, origin, now).await;
            }
            let rotation = self.activity.complete(row.sid, row.rotation());
            let verdict = rotation.judge(presented, self.moment(now));
            metrics::counter!("doorward_refreshes_total", "case" => verdict.name()).increment(1);
            let done = match verdict {
                Verdict::Reuse => self.stop(&row, EndReason::Reuse, origin, now).await,
                Verdict::Restored => self.stop(&row, EndReason::Restored, origin, now).await,
                good => self.carry_on(&row, good, now).await,
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
        row: &table::Model,
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

    /// What to say of a session that has ended. One that went on although
    /// nobody gave the password (all others were signed out) is ended, too, when
    /// the old one is still in use a minute later: two held it.
    async fn after_the_end(
        &self,
        row: &table::Model,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Refreshed> {
        let over = over(row, now);
        if !matches!(over, Refreshed::Ended(EndReason::Renewed)) || !self.moment(now).certain {
            return Ok(over);
        }
        let mut next = row.continued_by;
        while let Some(sid) = next.take() {
            let successor = table::Entity::find_by_id(sid).one(self.db.read()).await?;
            match successor.filter(|successor| successor.auth_time == row.auth_time) {
                Some(successor) if successor.ended_at.is_none() => {
                    let reason = EndReason::Reuse;
                    // Somebody else carries it on at this moment: the next request ends it.
                    let ended = self.stop(&successor, reason, origin, now).await?;
                    return Ok(ended.unwrap_or(Refreshed::Ended(reason)));
                }
                Some(successor) if successor.end_reason == Some(EndReason::Reuse) => {
                    return Ok(Refreshed::Ended(EndReason::Reuse));
                }
                Some(successor) => next = successor.continued_by,
                None => {}
            }
        }
        Ok(over)
    }

    /// Whether this is the newest token of that session: not one that was only
    /// on its way when its successor was shown, and not a thief's of another hand-out.
    pub(super) fn is_newest(
        &self,
        token: &RefreshToken,
        row: &table::Model,
        now: Timestamp,
    ) -> bool {
        let ours = || matches!(self.authenticity(token, row, now), Authenticity::Ours);
        let rotation = self.activity.complete(row.sid, row.rotation());
        let mark = token.mark.unwrap_or(rotation.mark);
        token.sid == row.sid
            && token.generation == rotation.generation
            && ours()
            && rotation.show(token.generation, mark, self.moment(now)).is_some()
    }

    /// Does what the verdict says, for a session and an account that may go
    /// on. `None` when another request was faster.
    async fn carry_on(
        &self,
        row: &table::Model,
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<Option<Refreshed>> {
        let account = match accounts::by_id(self.db.read(), row.account_id).await {
            Err(Error::NotFound) => return Ok(Some(Refreshed::Unknown)),
            account => account?,
        };
        let (idle, absolute) = self.policy.limits(row.remember);
        let absolute_at = row.absolute_at.min(row.created_at + absolute);
        if let Some(reason) = ended_by_time(row, absolute_at, &account, now) {
            return self.stop(row, reason, &RequestSource::default(), now).await;
        }
        let mut next = row.clone();
        next.absolute_at = absolute_at;
        let (written, mark) = match verdict {
            Verdict::Rotate(rotation) => {
                next.generation = rotation.generation;
                next.kid = self.keys.ring().signing(Purpose::Refresh).kid.clone();
                next.idle_millis = idle.whole_milliseconds() as i64;
                next.idle_at = now + idle;
                if now < row.staff_idle_at {
                    next.staff_idle_at = now + self.policy.staff_idle;
                }
                (self.write_rotation(row, &next, rotation, now).await?, rotation.mark)
            }
            Verdict::Again(rotation) => {
                (self.write_again(row, rotation, now).await?, rotation.mark)
            }
            Verdict::Same(rotation, mark) => (self.write_again(row, rotation, now).await?, mark),
            Verdict::LetIn => {
                return Ok(Some(Refreshed::LetIn(Principal {
                    account: account.id,
                    session: row.sid,
                    roles: account.roles,
                    auth: row.auth(),
                })));
            }
            Verdict::Reuse | Verdict::Restored => return Ok(None),
        };
        if !written {
            return Ok(None);
        }
        self.counters.count(statistics::REFRESHES, now);
        Ok(Some(Refreshed::Issued(Box::new(self.issue(&next, mark, &account, now)?))))
    }

    /// Moves the row to its next generation, if nobody else did.
    async fn write_rotation(
        &self,
        row: &table::Model,
        next: &table::Model,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<bool> {
        use table::Column;
        let unset = || Expr::value(None::<Timestamp>);
        let moved = unchanged(row, now)
            .col_expr(Column::Generation, Expr::value(rotation.generation))
            .col_expr(Column::Mark, Expr::value(rotation.mark))
            .col_expr(Column::ShownMark, unset())
            .col_expr(Column::ShownAt, unset())
            .col_expr(Column::ParentMark, Expr::value(rotation.parent_mark))
            .col_expr(Column::AgainAt, unset())
            .col_expr(Column::LastSeenAt, Expr::value(now))
            .col_expr(Column::IdleMillis, Expr::value(next.idle_millis))
            .col_expr(Column::IdleAt, Expr::value(next.idle_at))
            .col_expr(Column::StaffIdleAt, Expr::value(next.staff_idle_at))
            .col_expr(Column::AbsoluteAt, Expr::value(next.absolute_at))
            .col_expr(Column::Kid, Expr::value(&next.kid));
        Ok(moved.exec(self.db.write()).await?.rows_affected == 1)
    }

    /// Notes that tokens of the row's generation are handed out again, if
    /// nothing else happened to it.
    async fn write_again(
        &self,
        row: &table::Model,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<bool> {
        use table::Column;
        let mut noted = unchanged(row, now)
            .col_expr(Column::Mark, Expr::value(rotation.mark))
            .col_expr(Column::AgainAt, Expr::value(rotation.again_at));
        if rotation.seen_at == now {
            noted = noted.col_expr(Column::LastSeenAt, Expr::value(now));
        }
        Ok(noted.exec(self.db.write()).await?.rows_affected == 1)
    }

    /// Ends the session unless its row changed meanwhile (then `None`).
    pub(super) async fn stop(
        &self,
        row: &table::Model,
        reason: EndReason,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Option<Refreshed>> {
        let txn = self.db.begin().await?;
        let (ended, revoked) = self.end_in(&txn, row, reason, now).await?;
        if !ended {
            return Ok(None);
        }
        let event = match reason {
            EndReason::Reuse => Some(events::REFRESH_REUSE),
            EndReason::Restored => Some(events::DATABASE_RESTORED),
            _ => None,
        };
        if let Some(event) = event {
            let told = Entry::about(event, row.account_id.0, origin)
                .in_session(row.sid.0)
                .with(json!({ "last_used_from": row.address }));
            audit::record(&txn, told, now).await?;
        }
        txn.commit().await?;
        self.make_known([row.account_id], revoked);
        Ok(Some(Refreshed::Ended(reason)))
    }

    /// Ends the session of `row` if nothing happened to it since `row` was read.
    async fn end_in(
        &self,
        txn: &Txn,
        row: &table::Model,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<(bool, Revoked)> {
        let present = table::Entity::find_by_id(row.sid).lock_exclusive().one(txn).await?;
        let line = |row: &table::Model| Rotation { seen_at: now, ..row.rotation() };
        if present.is_none_or(|present| line(&present) != line(row)) {
            return Ok((false, Revoked::default()));
        }
        self.end(txn, row.sid, reason, now).await
    }
}

/// A write to the row of a live session that nobody changed since it was read.
fn unchanged(row: &table::Model, now: Timestamp) -> UpdateMany<table::Entity> {
    use table::Column;
    let shown = match row.shown_mark {
        Some(mark) => Column::ShownMark.eq(mark),
        None => Column::ShownMark.is_null(),
    };
    table::Entity::update_many()
        .filter(Column::Sid.eq(row.sid))
        .filter(Column::Generation.eq(row.generation))
        .filter(Column::Mark.eq(row.mark))
        .filter(shown)
        .filter(Column::EndedAt.is_null())
        .filter(Column::IdleAt.gt(now))
        .filter(Column::AbsoluteAt.gt(now))
}

/// What to say of a session that has ended.
pub(super) fn over(row: &table::Model, now: Timestamp) -> Refreshed {
    let reason = row.end_reason.unwrap_or(EndReason::ByStaff);
    let lately = row.ended_at.is_some_and(|at| now.since(at) < GRACE);
    match row.continued_by.filter(|_| lately && reason == EndReason::Renewed) {
        Some(successor) => {
            Refreshed::Renewed(Predecessor { sid: row.sid, account: row.account_id, successor })
        }
        None => Refreshed::Ended(reason),
    }
}

enum Authenticity {
    Ours,
    RevokedKey,
    Forged,
}

fn ended_by_time(
    row: &table::Model,
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
