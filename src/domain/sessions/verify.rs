//! Verifies an access token and returns the account it is for.

use super::activity::Showing;
use super::handle::Sessions;
use super::revocation::stands_in_table;
use super::session::{Audience, EndReason, Principal};
use super::table;
use super::tokens::access::{Claims, Fault};
use crate::base::error::Result;
use crate::base::keys::Ring;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::audit::RequestSource;

use sea_orm::EntityTrait;

/// What an access token is good for.
#[derive(Debug)]
pub enum Access {
    /// It admits its sender.
    Granted(Principal),
    /// It is ours and has not run out, but it was revoked or its epoch is
    /// over: it must be refreshed first.
    Outdated(Box<Claims>),
    /// Nothing.
    Denied,
}

impl Sessions {
    /// What an access token is good for. `caller` says where the request came
    /// from, should the token prove that two hold its session; then it ends.
    ///
    /// # Errors
    /// The database failed while the index could not be relied on: the
    /// answer is then neither yes nor no.
    pub async fn verify<'a>(
        &self,
        token: &str,
        client: Audience,
        caller: impl FnOnce() -> &'a RequestSource,
        now: Timestamp,
    ) -> Result<Access> {
        let verify = |ring: &Ring| match self.issuer.verify(ring, client, token, now) {
            Err(Fault::UnknownKey) => None,
            verified => Some(verified),
        };
        let claims = match self.keys.find(verify).unwrap_or(Err(Fault::UnknownKey)) {
            Ok(claims) => claims,
            Err(Fault::Time) => return Ok(Access::Denied),
            Err(fault) => {
                let RequestSource { request_id, address, .. } = caller();
                tracing::warn!(id = request_id, address, reason = ?fault, "token.invalid");
                return Ok(Access::Denied);
            }
        };
        if !self.index.permits(&claims) {
            return Ok(Access::Outdated(Box::new(claims)));
        }
        // Boxed: a future is as large as the rarest thing it may have to do.
        if !self.index.is_fresh() && !Box::pin(self.is_good_in_database(&claims, now)).await? {
            return Ok(Access::Outdated(Box::new(claims)));
        }
        if !self.activity.note((&claims).into(), self.moment(now)) {
            let ended = Box::pin(self.end_if_two_hold((&claims).into(), caller(), now)).await?;
            if ended {
                return Ok(Access::Denied);
            }
        }
        Ok(Access::Granted(claims.into()))
    }

    async fn is_good_in_database(&self, claims: &Claims, now: Timestamp) -> Result<bool> {
        let db = self.db.read();
        if stands_in_table(db, claims).await? {
            return Ok(false);
        }
        let row = table::Entity::find_by_id(claims.sid).one(db).await?;
        let live = row.is_some_and(|row| {
            row.account_id == claims.sub && row.ended_at.is_none() && now < row.absolute_at
        });
        Ok(live && accounts::by_id(db, claims.sub).await?.epoch <= claims.epoch)
    }

    /// Ends the session of an access token whose generation was shown before
    /// with a mark that no honest browser could have with this one. Says
    /// whether it did.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn end_if_two_hold(
        &self,
        showing: Showing,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<bool> {
        let row = table::Entity::find_by_id(showing.sid).one(self.db.read()).await?;
        let Some(row) = row.filter(|row| row.ended_at.is_none()) else { return Ok(false) };
        let rotation = self.activity.complete(row.sid, row.rotation());
        if rotation.show(showing.generation, showing.mark, self.moment(now)).is_some() {
            return Ok(false);
        }
        Ok(self.stop(&row, EndReason::Reuse, origin, now).await?.is_some())
    }
}
