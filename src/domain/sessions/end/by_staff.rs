//! What staff and the operator end and revoke, whosever it is.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use crate::base::error::Result;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::accounts::permissions::Permission;
use crate::domain::sessions::acting::Actor;
use crate::domain::sessions::events;
use crate::domain::sessions::handle::Sessions;
use crate::domain::sessions::revocation::{Kind, OUTRIGHT, Revoked, revoke};
use crate::domain::sessions::session::{EndReason, SessionId};
use crate::domain::sessions::table;
use crate::domain::sessions::tokens::refresh::RefreshToken;

/// What somebody wants revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The session of a refresh token.
    Session(SessionId),
    /// One access token.
    Token(Uuid),
}

impl Sessions {
    /// Staff end these sessions, whosever they are; those that are over are
    /// left out. Returns how many ended.
    ///
    /// # Errors
    /// The database failed; then none has ended.
    pub async fn end_by_staff(
        &self,
        sids: &[SessionId],
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<u64> {
        let owners = owners_of(self.db.read(), sids).await?;
        let demanded = Some(Permission::EndSessions);
        let (act, accounts) = self.begin_act(actor, demanded, &owners, now).await?;
        let (mut count, mut revoked) = (0, Revoked::default());
        for sid in sids {
            let row = table::Entity::find_by_id(*sid).one(&act.txn).await?;
            let (ended, more) = self.end(&act.txn, *sid, EndReason::ByStaff, now).await?;
            let Some(row) = row.filter(|_| ended) else { continue };
            act.tell_of_session(events::SESSION_ENDED_BY_STAFF, row.account_id, *sid, ()).await?;
            revoked = revoked.and(more);
            count += 1;
        }
        act.commit().await?;
        self.make_known(accounts.into_iter().map(|account| account.id), revoked);
        Ok(count)
    }

    /// Ends every session there is. Returns how many.
    ///
    /// The rows go first, in batches that hold nobody up for long; then every
    /// access token must refresh, which reads its row.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Denied`]; the database failed: those ended so far stay ended.
    pub async fn end_everything(&self, actor: Actor<'_>, now: Timestamp) -> Result<u64> {
        // Only proved: what follows also ends the session that acts.
        self.begin_act(actor, Some(Permission::Administer), &[], now).await?;
        let told = actor.does(events::EVERYONE_SIGNED_OUT, None);
        let words = ("everyone signed out", 1);
        self.end_all_there_are(EndReason::ByStaff, words, told, now).await
    }

    /// What `text` names: a `jti`, an access token made here (good now or not),
    /// or a refresh token.
    pub fn named(&self, text: &str, now: Timestamp) -> Option<Named> {
        let text = text.trim();
        if let Some(refresh) = RefreshToken::parse(text) {
            return Some(Named::Session(refresh.sid));
        }
        let jti = secrets::decode_id(text).or_else(|| Uuid::try_parse(text).ok());
        let jti = jti.or_else(|| self.issuer.id_of(&self.keys.ring(), text, now));
        jti.map(Named::Token)
    }

    /// Revokes what was named. Says whether it was not over already.
    ///
    /// # Errors
    /// The database failed; then nothing is revoked.
    pub async fn revoke_named(
        &self,
        named: Named,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<bool> {
        match named {
            Named::Session(sid) => Ok(self.end_by_staff(&[sid], actor, now).await? > 0),
            Named::Token(jti) => self.revoke_token(jti, actor, now).await.map(|()| true),
        }
    }

    /// Revokes one access token by its `jti`.
    ///
    /// # Errors
    /// The database failed.
    async fn revoke_token(&self, jti: Uuid, actor: Actor<'_>, now: Timestamp) -> Result<()> {
        let (act, _) = self.begin_act(actor, Some(Permission::EndSessions), &[], now).await?;
        let life = (self.token_life(), now);
        let revoked = revoke(&act.txn, Kind::Token, jti, OUTRIGHT, "revoked", life).await?;
        let data = json!({ "jti": secrets::encode_id(jti) });
        act.tell(events::TOKEN_REVOKED, None, data).await?;
        act.commit().await?;
        self.make_known([], revoked);
        Ok(())
    }
}

/// Whose sessions these are.
async fn owners_of(db: &impl ConnectionTrait, sids: &[SessionId]) -> Result<Vec<AccountId>> {
    const BATCH: usize = 500;
    let mut owners = vec![];
    for batch in sids.chunks(BATCH) {
        let found: Vec<AccountId> = table::Entity::find()
            .select_only()
            .column(table::Column::AccountId)
            .filter(table::Column::Sid.is_in(batch.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        owners.extend(found);
    }
    Ok(owners)
}
