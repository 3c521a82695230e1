//! What somebody signs in with: signing in, password change, recovery links,
//! and the link that makes the first administrator.

mod entity;
mod sign_in;

use sea_orm::entity::prelude::StringLen;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DeriveActiveEnum,
    EntityTrait, EnumIter, QueryFilter,
};
use time::Duration;

use crate::accounts::hasher::Waiter;
use crate::accounts::password::{Password, PasswordRules};
use crate::accounts::roles::{Permission, Roles};
use crate::accounts::{self, Account, AccountId, NewAccount, Passwords};
use crate::audit::{self, Entry, Event, Origin};
use crate::db::Db;
use crate::error::{Error, Refusal, Result};
use crate::secrets;
use crate::sessions::{
    Act, Actor, EndReason, Issued, Predecessor, Renewal, Renewed, SessionId, Sessions,
};
use crate::timestamp::Timestamp;

pub use self::sign_in::{SignIn, Wanted};

/// What a one-time token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Purpose {
    /// Making the first administrator.
    Setup,
    /// Setting a new password without the old one.
    Recovery,
}

/// How long the setup token is good; the server then makes a new one.
pub const SETUP_LIFE: Duration = Duration::hours(1);

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

/// A fresh recovery token for `account`, within the act that makes it. Older ones are void.
///
/// # Errors
/// The database failed.
pub async fn start_recovery(act: &Act<'_>, account: AccountId, life: Duration) -> Result<String> {
    let (txn, now) = (&act.txn, act.now);
    void(txn, account, now).await?;
    let whose = (Some(account), act.by.as_ref().map(|by| by.id));
    let token = issue(txn, Purpose::Recovery, whose, life, now).await?;
    act.tell(Event::RecoveryStarted, Some(account), "").await?;
    Ok(token)
}

/// A fresh setup token; the one before is void. `None` once there is an administrator.
///
/// # Errors
/// The database failed.
pub async fn start_setup(db: &Db, now: Timestamp) -> Result<Option<String>> {
    let txn = db.begin().await?;
    if accounts::count_admins(&txn).await? > 0 {
        return Ok(None);
    }
    entity::Entity::delete_many()
        .filter(entity::Column::Purpose.eq(Purpose::Setup))
        .exec(&txn)
        .await?;
    let token = issue(&txn, Purpose::Setup, (None, None), SETUP_LIFE, now).await?;
    txn.commit().await?;
    Ok(Some(token))
}

/// The account that a recovery token is good for.
///
/// # Errors
/// [`Error::NotFound`] for a token that is wrong, used up or too old, and for
/// one whose maker could not make it any more: it is switched off or deleted,
/// or its roles do not cover those of the account.
pub async fn recovering(db: &impl ConnectionTrait, token: &str, now: Timestamp) -> Result<Account> {
    let row = find(db, token, Purpose::Recovery, now).await?.ok_or(Error::NotFound)?;
    let account = accounts::by_id(db, row.account_id.ok_or(Error::NotFound)?).await?;
    let Some(maker) = row.made_by else { return Ok(account) };
    let maker = accounts::by_id(db, maker).await?;
    let could = maker.disabled_at.is_none()
        && maker.roles.may(Permission::ManageAccounts)
        && maker.roles.cover(&account.roles);
    if could { Ok(account) } else { Err(Error::NotFound) }
}

async fn issue(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    (account, made_by): (Option<AccountId>, Option<AccountId>),
    life: Duration,
    now: Timestamp,
) -> Result<String> {
    let token = secrets::random_token();
    let row = entity::ActiveModel {
        hash: Set(secrets::token_hash(&token)),
        purpose: Set(purpose),
        account_id: Set(account),
        created_at: Set(now),
        expires_at: Set(now + life),
        used_at: Set(None),
        made_by: Set(made_by),
    };
    entity::Entity::insert(row).exec_without_returning(db).await?;
    Ok(token)
}

fn good(token: &str, purpose: Purpose, now: Timestamp) -> Expr {
    use entity::Column;
    Column::Hash
        .eq(secrets::token_hash(token))
        .and(Column::Purpose.eq(purpose))
        .and(Column::UsedAt.is_null())
        .and(Column::ExpiresAt.gt(now))
}

async fn find(
    db: &impl ConnectionTrait,
    token: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<entity::Model>> {
    Ok(entity::Entity::find().filter(good(token, purpose, now)).one(db).await?)
}

/// Uses a token up: one statement decides, so that of two at once one wins (ASVS V2.3.4).
async fn use_up(
    db: &impl ConnectionTrait,
    token: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<bool> {
    let used = entity::Entity::update_many()
        .col_expr(entity::Column::UsedAt, Expr::value(now))
        .filter(good(token, purpose, now))
        .exec(db)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Uses up all recovery tokens of an account.
///
/// # Errors
/// The database failed.
pub async fn void(db: &impl ConnectionTrait, account: AccountId, now: Timestamp) -> Result<()> {
    entity::Entity::update_many()
        .col_expr(entity::Column::UsedAt, Expr::value(now))
        .filter(entity::Column::AccountId.eq(account))
        .filter(entity::Column::UsedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// An older copy of the database was brought back: which of its one-time tokens
/// were used since, and which of its sessions have ended, nobody knows any more.
/// All are over. Returns how many sessions ended.
///
/// # Errors
/// The database failed; what is over so far stays so.
pub async fn end_after_restore(
    sessions: &Sessions,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<u64> {
    entity::Entity::update_many()
        .col_expr(entity::Column::UsedAt, Expr::value(now))
        .filter(entity::Column::UsedAt.is_null())
        .exec(sessions.db.write())
        .await?;
    sessions.end_after_restore(actor, now).await
}

/// Removes tokens that are too old to be told apart from wrong ones.
///
/// # Errors
/// The database failed.
pub async fn remove_expired(db: &Db, now: Timestamp) -> Result<()> {
    entity::Entity::delete_many()
        .filter(entity::Column::ExpiresAt.lt(now - Duration::days(1)))
        .exec(db.write())
        .await?;
    Ok(())
}
