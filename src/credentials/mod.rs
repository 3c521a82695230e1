//! What somebody signs in with: signing in, password change, recovery links,
//! and the link that makes the first administrator.

mod entity;
mod one_time;
mod sign_in;

use sea_orm::DatabaseTransaction;

use crate::accounts::hasher::Waiter;
use crate::accounts::password::{Password, PasswordRules};
use crate::accounts::roles::Roles;
use crate::accounts::{self, Account, NewAccount, Passwords};
use crate::audit::{self, Entry, Event, Origin};
use crate::db::Db;
use crate::error::{Error, Refusal, Result};
use crate::secrets;
use crate::sessions::{EndReason, Issued, Predecessor, Renewal, Renewed, SessionId, Sessions};
use crate::timestamp::Timestamp;

pub use self::one_time::{
    Purpose, SETUP_LIFE, end_after_restore, recovering, remove_expired, start_recovery,
    start_setup, void,
};
pub use self::sign_in::{SignIn, Wanted};

use self::one_time::{find, use_up};

/// What changing passwords needs.
pub struct Credentials<'a> {
    /// The sessions that a change ends.
    pub sessions: &'a Sessions,
    /// What tells people by the passwords they have.
    pub passwords: Passwords<'a>,
    /// What a new password must be like.
    pub rules: &'a PasswordRules,
}

impl Credentials<'_> {
    fn db(&self) -> &Db {
        &self.sessions.db
    }

    async fn new_hash(&self, account: &Account, password: &Password) -> Result<String> {
        let rules = self.rules.with_context(&account.username, &account.email);
        let waiter = Waiter::Known(account.id.0);
        self.passwords.hasher.judge(password, rules, waiter.clone()).await?;
        self.passwords.hasher.hash(password, waiter).await
    }

    /// The owner gives the password again: the session counts as just signed
    /// in, and goes on under a new name.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`], counted like a failed sign-in;
    /// [`Refusal::AccountChanged`] and [`Denied::NotSignedIn`] when the account
    /// or the session is not any more what it was; [`Error::Busy`].
    pub async fn confirm(
        &self,
        account: &Account,
        sid: SessionId,
        password: &Password,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Issued> {
        self.passwords.confirm((account, sid.0), password, origin, now).await?;
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
        let told = Entry::by_owner(Event::Confirmed, account.id.0, origin).in_session(sid.0);
        audit::record(&txn, told.with(goes_on(&renewed)), now).await?;
        txn.commit().await?;
        self.sessions.make_known([account.id], revoked);
        self.sessions.tokens_of(renewed, now).await
    }

    /// The form of [`Credentials::confirm`] or [`Credentials::change_password`]
    /// was sent twice, and the first answer may be lost: the successor's tokens
    /// for whoever gives the password that the account has now.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`]; [`Denied::NotSignedIn`] when the tokens have
    /// arrived; [`Error::Busy`].
    pub async fn confirm_again(
        &self,
        before: &Predecessor,
        password: &Password,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Issued> {
        let account = accounts::by_id(self.db().read(), before.account).await?;
        self.passwords.confirm((&account, before.sid.0), password, origin, now).await?;
        self.sessions.tokens_again(before, now).await
    }

    /// The owner changes the password. All other sessions end; this one goes
    /// on under a new name (ASVS V7.2.4, V7.4.3).
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`], [`Refusal::SamePassword`], [`Refusal::UnfitPassword`];
    /// [`Refusal::AccountChanged`] and [`Denied::NotSignedIn`] when the account
    /// or the session is not any more what it was; [`Error::Busy`].
    pub async fn change_password(
        &self,
        account: &Account,
        sid: SessionId,
        (current, new): (&Password, &Password),
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Issued> {
        self.passwords.confirm((account, sid.0), current, origin, now).await?;
        if secrets::same(current.expose().as_bytes(), new.expose().as_bytes()) {
            return Err(Refusal::SamePassword.into());
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
        void(&txn, account.id, now).await?;
        let (_, ended) = self
            .sessions
            .end_all(&txn, &account, Some(sid), EndReason::PasswordChanged, now)
            .await?;
        let why = Renewal::PasswordGiven;
        let (renewed, replaced) = self.sessions.renew(&txn, account.id, sid, why, now).await?;
        let told = Entry::by_owner(Event::PasswordChanged, account.id.0, origin).in_session(sid.0);
        audit::record(&txn, told.with(goes_on(&renewed)), now).await?;
        txn.commit().await?;
        self.sessions.make_known([account.id], ended.and(replaced));
        self.sessions.tokens_of(renewed, now).await
    }

    /// A password that nobody knows, and its hash: for an account whose owner
    /// sets one by a recovery link.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn unknown_password(&self) -> Result<(Password, String)> {
        let password = Password::parse(&secrets::random_token());
        let password = password.ok_or_else(|| Error::broken("A random password is not one."))?;
        let hash = self.passwords.hasher.hash(&password, Waiter::House).await?;
        Ok((password, hash))
    }

    /// The operator sets a password at the command line. All sessions end.
    ///
    /// # Errors
    /// [`Refusal::UnfitPassword`]; [`Error::Busy`].
    pub async fn set_password(
        &self,
        account: &Account,
        new: &Password,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<()> {
        let hash = self.new_hash(account, new).await?;
        let txn = self.db().begin().await?;
        let account = accounts::by_id_to_change(&txn, account.id).await?;
        self.reset(txn, &account, hash, origin, now).await
    }

    /// Sets the password of whoever `token` was made for and uses the token up.
    /// All sessions end; nobody is signed in by it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a token that is wrong, used up or too old;
    /// [`Refusal::UnfitPassword`], which uses nothing up; [`Error::Busy`].
    pub async fn recover(
        &self,
        token: &str,
        new: &Password,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<()> {
        let account = recovering(self.db().read(), token, now).await?;
        let hash = self.new_hash(&account, new).await?;
        let txn = self.db().begin().await?;
        // The account before what hangs on it, as everywhere: then nobody waits in a circle.
        let account = accounts::by_id_to_change(&txn, account.id).await?;
        recovering(&txn, token, now).await?;
        if !use_up(&txn, token, Purpose::Recovery, now).await? {
            return Err(Error::NotFound);
        }
        self.reset(txn, &account, hash, origin, now).await
    }

    async fn reset(
        &self,
        txn: DatabaseTransaction,
        account: &Account,
        hash: String,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<()> {
        let id = account.id;
        accounts::set_password_hash(&txn, id, hash, now).await?;
        void(&txn, id, now).await?;
        let reason = EndReason::PasswordChanged;
        let (_, revoked) = self.sessions.end_all(&txn, account, None, reason, now).await?;
        audit::record(&txn, Entry::about(Event::PasswordReset, id.0, origin), now).await?;
        txn.commit().await?;
        self.sessions.make_known([id], revoked);
        Ok(())
    }

    /// Makes the first administrator and uses the setup token up. Of two at
    /// once, one wins: both need the same unused token.
    ///
    /// # Errors
    /// [`Error::NotFound`] once there is an administrator;
    /// [`Refusal::SetupTokenInvalid`]; what opening an account refuses.
    pub async fn set_up(
        &self,
        token: &str,
        new: &NewAccount,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Account> {
        if accounts::count_admins(self.db().read()).await? > 0 {
            return Err(Error::NotFound);
        }
        find(self.db().read(), token, Purpose::Setup, now)
            .await?
            .ok_or(Refusal::SetupTokenInvalid)?;
        let hash =
            accounts::hash_for(self.passwords.hasher, self.rules, new, Waiter::House).await?;
        let txn = self.db().begin().await?;
        if !use_up(&txn, token, Purpose::Setup, now).await? {
            return Err(Refusal::SetupTokenInvalid.into());
        }
        if accounts::count_admins(&txn).await? > 0 {
            return Err(Error::NotFound);
        }
        let account = accounts::insert(&txn, new, hash, Roles::admin(), now).await?;
        audit::record(&txn, Entry::by_owner(Event::SetUp, account.id.0, origin), now).await?;
        txn.commit().await?;
        Ok(account)
    }
}

fn goes_on(renewed: &Renewed) -> String {
    format!("goes on as session {}", audit::session_reference(renewed.sid().0))
}
