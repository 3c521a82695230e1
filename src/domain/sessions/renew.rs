//! Renewing a session: whenever its owner proves who they are, it goes on under
//! a new name, and nothing of the old one is honoured again (ASVS V7.2.4). A
//! copy of the cookies is worthless from then on.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};

use super::handle::Sessions;
use super::refresh::rotation::Rotation;
use super::refresh::{Predecessor, Refreshed, over};
use super::revocation::Revoked;
use super::session::{EndReason, SessionId};
use super::table;
use super::tokens::pair::Issued;
use crate::base::error::{Denied, Result};
use crate::base::keys::Purpose;
use crate::base::secrets;
use crate::base::store::Txn;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, AccountId};

/// Why a session is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The password was given: it counts as just signed in.
    PasswordGiven,
    /// The owner signed out everywhere else.
    OthersEnded,
}

/// A renewed session, not yet committed.
#[must_use]
pub struct Renewed(table::Model);

impl Sessions {
    /// Ends a session and starts another in its place, within the caller's
    /// transaction. The limits of its life are carried over.
    ///
    /// # Errors
    /// [`Denied::NotSignedIn`] when the session has ended, or is not this account's.
    pub async fn renew(
        &self,
        txn: &Txn,
        account: AccountId,
        sid: SessionId,
        why: Renewal,
        now: Timestamp,
    ) -> Result<(Renewed, Revoked)> {
        let row = table::Entity::find_by_id(sid).lock_exclusive().one(txn).await?;
        let goes_on = |row: &table::Model| {
            let in_time = now < row.idle_at && now < row.absolute_at;
            row.account_id == account && row.ended_at.is_none() && in_time
        };
        let row = row.filter(goes_on).ok_or(Denied::NotSignedIn)?;
        let (_, revoked) = self.end(txn, sid, EndReason::Renewed, now).await?;
        // By another moment than before, it is told later that the password was given.
        let again = now == row.auth_time;
        let given = if again { now + time::Duration::MILLISECOND } else { now };
        let begun = Rotation::begun(now);
        let successor = table::Model {
            sid: SessionId(secrets::random_id()),
            staff_idle_at: match why {
                Renewal::PasswordGiven => now + self.policy.staff_idle,
                Renewal::OthersEnded => row.staff_idle_at,
            },
            auth_time: if why == Renewal::PasswordGiven { given } else { row.auth_time },
            idle_at: row.idle_at.max(now + time::Duration::milliseconds(row.idle_millis)),
            generation: begun.generation,
            mark: begun.mark,
            shown_mark: None,
            shown_at: None,
            parent_mark: begun.parent_mark,
            again_at: begun.again_at,
            kid: self.keys.ring().signing(Purpose::Refresh).kid.clone(),
            salt: secrets::random::<16>().to_vec(),
            last_seen_at: now,
            ..row
        };
        let fresh = table::ActiveModel::from(successor).reset_all().insert(txn).await?;
        table::Entity::update_many()
            .col_expr(table::Column::ContinuedBy, Expr::value(fresh.sid))
            .filter(table::Column::Sid.eq(sid))
            .exec(txn)
            .await?;
        Ok((Renewed(fresh), revoked))
    }

    /// The tokens of a renewed session, once the renewal is committed.
    ///
    /// # Errors
    /// The account is gone, or the tokens cannot be signed.
    pub async fn tokens_of(&self, renewed: Renewed, now: Timestamp) -> Result<Issued> {
        let account = accounts::by_id(self.db.read(), renewed.0.account_id).await?;
        self.issue(&renewed.0, renewed.0.mark, &account, now)
    }

    /// What a session was, that was renewed less than a minute ago.
    ///
    /// # Errors
    /// [`Denied::NotSignedIn`] when it was not.
    pub async fn predecessor(
        &self,
        db: &impl ConnectionTrait,
        account: AccountId,
        sid: SessionId,
        now: Timestamp,
    ) -> Result<Predecessor> {
        let row = table::Entity::find_by_id(sid).one(db).await?;
        let row = row.filter(|row| row.account_id == account && row.ended_at.is_some());
        match over(&row.ok_or(Denied::NotSignedIn)?, now) {
            Refreshed::Renewed(before) => Ok(before),
            _ => Err(Denied::NotSignedIn.into()),
        }
    }

    /// The tokens of a session renewed a moment ago, for a form that was sent
    /// twice: the first answer may be lost. The caller has asked for the
    /// password again.
    ///
    /// # Errors
    /// [`Denied::NotSignedIn`] when the successor has ended, or its tokens were
    /// shown: then they have arrived.
    pub async fn tokens_again(&self, before: &Predecessor, now: Timestamp) -> Result<Issued> {
        let row = table::Entity::find_by_id(before.successor).one(self.db.read()).await?;
        let unused = |row: &table::Model| {
            let rotation = self.activity.complete(row.sid, row.rotation());
            row.ended_at.is_none() && rotation.generation == 0 && rotation.shown.is_none()
        };
        let row = row.filter(unused).ok_or(Denied::NotSignedIn)?;
        let account = accounts::by_id(self.db.read(), row.account_id).await?;
        self.issue(&row, row.mark, &account, now)
    }
}

impl Renewed {
    /// The new name.
    pub fn sid(&self) -> SessionId {
        self.0.sid
    }
}
