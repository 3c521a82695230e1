//! What owners end: the session they use, another of their own, or all others.

use sea_orm::EntityTrait;
use serde_json::json;

use crate::base::error::{Denied, Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::sessions::acting::Actor;
use crate::domain::sessions::events;
use crate::domain::sessions::handle::Sessions;
use crate::domain::sessions::refresh::rotation::DISTANT;
use crate::domain::sessions::renew::Renewal;
use crate::domain::sessions::session::{EndReason, SessionId};
use crate::domain::sessions::table;
use crate::domain::sessions::tokens::pair::Issued;
use crate::domain::sessions::tokens::refresh::RefreshToken;

impl Sessions {
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
            let told = Entry::by_owner(events::LOGGED_OUT, account.0, origin).in_session(sid.0);
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
        let row = table::Entity::find_by_id(sid).one(&act.txn).await?;
        if row.is_none_or(|row| row.account_id != account.id) {
            return Err(Error::NotFound);
        }
        let (ended, revoked) = self.end(&act.txn, sid, EndReason::EndedElsewhere, now).await?;
        if !ended {
            return Err(Error::NotFound);
        }
        act.tell_of_session(events::SESSION_ENDED, account.id, sid, ()).await?;
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
        let row = table::Entity::find_by_id(keep).one(&act.txn).await?;
        let row = row.ok_or(Denied::NotSignedIn)?;
        let lately = row.auth().is_within(DISTANT, now);
        if !lately || !shown.is_some_and(|token| self.is_newest(token, &row, now)) {
            return Err(Denied::NotRecent.into());
        }
        let why = EndReason::EndedElsewhere;
        let (ended, revoked) = self.end_all(&act.txn, &account, Some(keep), why, now).await?;
        let data = json!({ "others_ended": ended });
        act.tell_of_session(events::SESSION_ENDED, account.id, keep, data).await?;
        let why = Renewal::OthersEnded;
        let (renewed, replaced) = self.renew(&act.txn, account.id, keep, why, now).await?;
        act.commit().await?;
        self.make_known([account.id], revoked.and(replaced));
        self.tokens_of(renewed, now).await
    }
}
