//! What owners of an account do who are signed in: they prove who they are by
//! giving the password again, and their session goes on under a new name.

use serde_json::{Value, json};

use super::{Credentials, events, refusals};
use crate::base::error::{Denied, Error, Result};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account};
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::entries;
use crate::domain::one_time::{TokenPurpose, void};
use crate::domain::passwords::policy::Password;
use crate::domain::personal_tokens;
use crate::domain::sessions::tokens::refresh::RefreshToken;
use crate::domain::sessions::{
    self, Actor, EndReason, Issued, Predecessor, Renewal, Renewed, SessionId,
};
use crate::domain::throttle::Whose;

impl Credentials<'_> {
    /// Whether `password` is the account's, asked of the user of that session.
    ///
    /// # Errors
    /// `accounts::refusals::WRONG_PASSWORD`, counted for the session under whatever name
    /// it goes on; `throttle::refusals::TOO_MANY_ATTEMPTS`; [`Denied::NotSignedIn`]; [`Error::Busy`].
    pub async fn ask_again(
        &self,
        account: &Account,
        sid: SessionId,
        password: &Password,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<()> {
        let begun = self.begun(sid).await?;
        self.passwords.confirm((account, begun), password, origin, now).await
    }

    /// When the sign-in was that the session goes back to: it stays the same
    /// under every name that the session is given.
    async fn begun(&self, sid: SessionId) -> Result<Timestamp> {
        match sessions::by_id(self.db().read(), sid).await {
            Err(Error::NotFound) => Err(Denied::NotSignedIn.into()),
            session => Ok(session?.created_at),
        }
    }

    /// The owner signs out everywhere else, with the newest refresh token of
    /// the session that stays. As often as the password may be given in it.
    ///
    /// # Errors
    /// `throttle::refusals::TOO_MANY_ATTEMPTS`; what [`crate::domain::sessions::Sessions::end_others`] denies.
    pub async fn sign_out_others(
        &self,
        shown: Option<&RefreshToken>,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Issued> {
        let who = actor.account().zip(actor.session());
        let (account, sid) = who.ok_or(Denied::NotSignedIn)?;
        let again = Whose::Again { account: account.0, begun: self.begun(sid).await? };
        self.passwords.throttle.was_right(again, now)?;
        self.sessions.end_others(sid, shown, actor, now).await
    }

    /// The owner gives the password again: the session counts as just signed
    /// in, and goes on under a new name.
    ///
    /// # Errors
    /// `accounts::refusals::WRONG_PASSWORD`, counted like a failed sign-in;
    /// `accounts::refusals::ACCOUNT_CHANGED` and [`Denied::NotSignedIn`] when the account
    /// or the session is not any more what it was; [`Error::Busy`].
    pub async fn confirm(
        &self,
        account: &Account,
        sid: SessionId,
        password: &Password,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Issued> {
        self.ask_again(account, sid, password, origin, now).await?;
        let txn = self.db().begin().await?;
        let account = accounts::hold_unchanged(&txn, account).await?;
        let why = Renewal::PasswordGiven;
        let (renewed, revoked) = match self.sessions.renew(&txn, account.id, sid, why, now).await {
            // The same form, sent twice at once: the other one was faster.
            Err(Error::Denied(_)) => {
                let before = self.sessions.predecessor(&txn, account.id, sid, now).await?;
                return self.sessions.tokens_again(&before, now).await;
            }
            renewed => renewed?,
        };
        // Each goes on with the right it had, and never with that of this proof.
        entries::carry_over(&txn, sid, renewed.sid()).await?;
        let told = Entry::by_owner(events::CONFIRMED, account.id.0, origin).in_session(sid.0);
        audit::record(&txn, told.with(goes_on(&renewed)), now).await?;
        txn.commit().await?;
        self.sessions.make_known([account.id], revoked);
        self.sessions.tokens_of(renewed, now).await
    }

    /// The form of [`Credentials::confirm`] or [`Credentials::change_password`]
    /// was sent twice, and the first answer may be lost: the successor's tokens
    /// for a caller who gives the password that the account has now.
    ///
    /// # Errors
    /// `accounts::refusals::WRONG_PASSWORD`; [`Denied::NotSignedIn`] when the tokens have
    /// arrived; [`Error::Busy`].
    pub async fn confirm_again(
        &self,
        before: &Predecessor,
        password: &Password,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Issued> {
        let account = accounts::by_id(self.db().read(), before.account).await?;
        self.ask_again(&account, before.sid, password, origin, now).await?;
        self.sessions.tokens_again(before, now).await
    }

    /// The owner changes the password. All other sessions end; this one goes
    /// on under a new name (ASVS V7.2.4, V7.4.3). Personal tokens end unless
    /// they are kept.
    ///
    /// # Errors
    /// `accounts::refusals::WRONG_PASSWORD`, `credentials::refusals::SAME_PASSWORD`, what the password rules refuse;
    /// `accounts::refusals::ACCOUNT_CHANGED` and [`Denied::NotSignedIn`] when the account
    /// or the session is not any more what it was; [`Error::Busy`].
    pub async fn change_password(
        &self,
        account: &Account,
        sid: SessionId,
        (current, new, keeps_tokens): (&Password, &Password, bool),
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Issued> {
        self.ask_again(account, sid, current, origin, now).await?;
        if secrets::same(current.expose().as_bytes(), new.expose().as_bytes()) {
            return Err(refusals::SAME_PASSWORD.into());
        }
        let hash = self.new_hash(account, new).await?;
        let txn = self.db().begin().await?;
        let account = match accounts::hold_unchanged(&txn, account).await {
            Err(changed @ Error::Refused(_)) => {
                // Unless the same form, sent twice at once, has changed it.
                let before = self.sessions.predecessor(&txn, account.id, sid, now).await;
                drop(txn);
                let before = before.map_err(|_| changed)?;
                return self.confirm_again(&before, new, origin, now).await;
            }
            held => held?,
        };
        accounts::set_password_hash(&txn, account.id, hash, now).await?;
        void(&txn, account.id, &[TokenPurpose::Recovery], now).await?;
        if !keeps_tokens {
            personal_tokens::revoke_all_of(&txn, account.id, origin, now).await?;
        }
        let (_, ended) = self
            .sessions
            .end_all(&txn, &account, Some(sid), EndReason::PasswordChanged, now)
            .await?;
        let why = Renewal::PasswordGiven;
        let (renewed, replaced) = self.sessions.renew(&txn, account.id, sid, why, now).await?;
        let told =
            Entry::by_owner(events::PASSWORD_CHANGED, account.id.0, origin).in_session(sid.0);
        audit::record(&txn, told.with(goes_on(&renewed)), now).await?;
        txn.commit().await?;
        self.sessions.make_known([account.id], ended.and(replaced));
        self.sessions.tokens_of(renewed, now).await
    }
}

fn goes_on(renewed: &Renewed) -> Value {
    json!({ "continues_as": audit::session_reference(renewed.sid().0) })
}
