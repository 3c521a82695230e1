//! What somebody signs in with: signing in, password change, recovery links,
//! and the link that makes the first administrator.

pub mod events;
mod owner;
pub mod refusals;

use sea_orm::DatabaseTransaction;

use crate::base::error::{Error, Result};
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Roles;
use crate::domain::accounts::{self, Account, AccountKind, NewAccount, Passwords};
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::login::{self, Verified};
use crate::domain::one_time::{TokenPurpose, find, recovering, use_up, void};
use crate::domain::passwords::hash::PasswordHash;
use crate::domain::passwords::hasher::Waiter;
use crate::domain::passwords::policy::{Password, PasswordRules};
use crate::domain::personal_tokens;
use crate::domain::sessions::{EndReason, Sessions};

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
    pub(super) fn db(&self) -> &Db {
        &self.sessions.db
    }

    async fn new_hash(&self, account: &Account, password: &Password) -> Result<PasswordHash> {
        let rules = self.rules.with_context(&account.username, &account.email);
        let waiter = Waiter::Known(account.id.0);
        self.passwords.hasher.hash_new(password, rules, waiter).await
    }

    /// The operator sets a password at the command line. All sessions end.
    ///
    /// # Errors
    /// what the password rules refuse; `accounts::refusals::NOT_FOR_SERVICES`; [`Error::Busy`].
    pub async fn set_password(
        &self,
        account: &Account,
        new: &Password,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<()> {
        if account.kind == AccountKind::Service {
            return Err(accounts::refusals::NOT_FOR_SERVICES.into());
        }
        let hash = self.new_hash(account, new).await?;
        let txn = self.db().begin().await?;
        let account = accounts::by_id_to_change(&txn, account.id).await?;
        self.reset(txn, &account, hash, origin, now).await
    }

    /// Sets the password of the account that `token` was made for and uses the token up.
    /// All sessions and personal tokens end; nobody is signed in by it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a token that is wrong, used up or too old;
    /// what the password rules refuse, which uses nothing up; [`Error::Busy`].
    pub async fn recover(
        &self,
        token: &str,
        new: &Password,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<()> {
        let account = recovering(self.db().read(), token, now).await?;
        let hash = self.new_hash(&account, new).await?;
        let txn = self.db().begin().await?;
        // The account before what hangs on it, as everywhere: then nobody waits in a circle.
        let account = accounts::by_id_to_change(&txn, account.id).await?;
        recovering(&txn, token, now).await?;
        if !use_up(&txn, token, TokenPurpose::Recovery, now).await? {
            return Err(Error::NotFound);
        }
        self.reset(txn, &account, hash, origin, now).await
    }

    async fn reset(
        &self,
        txn: DatabaseTransaction,
        account: &Account,
        hash: PasswordHash,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<()> {
        let id = account.id;
        accounts::set_password_hash(&txn, id, hash, now).await?;
        void(&txn, id, &[TokenPurpose::Recovery], now).await?;
        personal_tokens::revoke_all_of(&txn, id, origin, now).await?;
        let reason = EndReason::PasswordChanged;
        let (_, revoked) = self.sessions.end_all(&txn, account, None, reason, now).await?;
        audit::record(&txn, Entry::about(events::PASSWORD_RESET, id.0, origin), now).await?;
        txn.commit().await?;
        self.sessions.make_known([id], revoked);
        Ok(())
    }

    /// Makes the first administrator and uses the setup token up. Of two at
    /// once, one wins: both need the same unused token.
    ///
    /// # Errors
    /// [`Error::NotFound`] once there is an administrator;
    /// `credentials::refusals::SETUP_TOKEN_INVALID`; what opening an account refuses.
    pub async fn set_up(
        &self,
        token: &str,
        new: &NewAccount,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Verified> {
        if accounts::count_admins(self.db().read()).await? > 0 {
            return Err(Error::NotFound);
        }
        find(self.db().read(), token, TokenPurpose::Setup, now)
            .await?
            .ok_or(refusals::SETUP_TOKEN_INVALID)?;
        let hash =
            accounts::hash_for(self.passwords.hasher, self.rules, new, Waiter::House).await?;
        let txn = self.db().begin().await?;
        if !use_up(&txn, token, TokenPurpose::Setup, now).await? {
            return Err(refusals::SETUP_TOKEN_INVALID.into());
        }
        if accounts::count_admins(&txn).await? > 0 {
            return Err(Error::NotFound);
        }
        let account = accounts::insert(&txn, new, hash, Roles::admin(), now).await?;
        audit::record(&txn, Entry::by_owner(events::SET_UP, account.id.0, origin), now).await?;
        txn.commit().await?;
        Ok(login::at_setup(account, now))
    }
}
