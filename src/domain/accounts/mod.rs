//! Accounts: who may sign in, and as what.

mod authenticate;
pub mod custom_roles;
mod find;
pub mod list;
pub mod names;
pub mod permissions;
mod tables;
mod update;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DeriveValueType};
use uuid::Uuid;

pub use self::authenticate::{Passwords, note_login};
pub use self::find::{
    all_of, by_id, by_id_to_change, by_login_name, count, count_admins, highest_epoch, hold,
    hold_admins, hold_for_sign_in, hold_unchanged, most_failures, names_of,
};
pub use self::update::{
    delete, forget_browsers, raise_epoch, set_disabled, set_password_hash, write_roles,
};

use self::find::taken;
use self::names::{EmailAddress, Username};
use self::permissions::Roles;
use crate::base::error::{Error, Refusal, Result};
use crate::base::store;
use crate::base::timestamp::Timestamp;
use crate::domain::audit::{self, Entry, Event, RequestSource};
use crate::domain::passwords::hasher::{Hasher, Waiter};
use crate::domain::passwords::policy::{NewPassword, Password, PasswordRules};

/// Names an account for ever; never used for another (RFC 9068, `sub`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct AccountId(pub Uuid);

/// SeaORM asks this of every key; ours are never numbers from the database.
impl sea_orm::TryFromU64 for AccountId {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("AccountId"))
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A record of someone who may sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Never changes.
    pub id: AccountId,
    /// As it was typed at registration.
    pub username: String,
    /// As it was typed at registration.
    pub email: String,
    /// The user name as it is compared: look-alikes have the same.
    pub canonical_username: String,
    /// The e-mail address as it is compared.
    pub canonical_email: String,
    /// When the account was opened.
    pub created_at: Timestamp,
    /// When the password was last set.
    pub password_changed_at: Timestamp,
    /// Set while the account is switched off.
    pub disabled_at: Option<Timestamp>,
    /// Access tokens of an older epoch must be refreshed.
    pub epoch: i64,
    /// The last time the right password was given.
    pub last_login: Option<Login>,
    /// Wrong passwords since then.
    pub failed_logins: i64,
    /// What it may do beyond a member's rights.
    pub roles: Roles,
    /// When it was last given a right of staff that it did not have.
    pub raised_at: Option<Timestamp>,
    password_hash: String,
}

/// When and from where somebody logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The moment.
    pub at: Timestamp,
    /// Where the request came from.
    pub origin: RequestSource,
}

impl Account {
    fn of(row: tables::Model, roles: Roles) -> Self {
        let origin = RequestSource {
            address: row.last_login_address,
            user_agent: row.last_login_user_agent,
            ..RequestSource::default()
        };
        Self {
            id: row.id,
            username: row.username,
            email: row.email,
            canonical_username: row.username_canonical,
            canonical_email: row.email_canonical,
            created_at: row.created_at,
            password_changed_at: row.password_changed_at,
            disabled_at: row.disabled_at,
            epoch: row.epoch,
            last_login: row.last_login_at.map(|at| Login { at, origin }),
            failed_logins: row.failed_logins,
            roles,
            raised_at: row.raised_at,
            password_hash: row.password_hash,
        }
    }
}

impl Account {
    /// Whether it has the password that it had when it was read as `earlier`.
    pub fn has_password_of(&self, earlier: &Self) -> bool {
        self.password_hash == earlier.password_hash
    }
}

/// What somebody gives to open an account.
pub struct NewAccount {
    /// The name to log in with.
    pub username: Username,
    /// The address to log in with and to be reached at.
    pub email: EmailAddress,
    /// Not yet held against the policy.
    pub password: Password,
}

/// Opens an account for someone new. Everyone starts as a member.
///
/// The unique index decides whether a name is free; asking it first saves the
/// work for a name that is not. What is worked on counts, whatever comes of it.
///
/// # Errors
/// A [`Refusal`] for a taken or reserved name or an unfit password;
/// [`Refusal::TooManyAttempts`]; [`Error::Busy`].
pub async fn register(
    Passwords { db, hasher, throttle }: Passwords<'_>,
    rules: &PasswordRules,
    new: NewAccount,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<Account> {
    if new.username.is_reserved() {
        return Err(Refusal::UsernameReserved.into());
    }
    if new.email.mixes_scripts() {
        return Err(Refusal::EmailMixesScripts.into());
    }
    let asked = throttle.ask_for_names(&origin.address, now).await?;
    if let Some(refusal) = taken(db.read(), &new).await? {
        asked.count(now).await?;
        return Err(refusal.into());
    }
    screen(rules, &new)?;
    throttle.register(&origin.address, now).await?.count(now).await?;
    let hash = hash_for(hasher, rules, &new, Waiter::at(&origin.address)).await?;
    let txn = db.begin().await?;
    let account = insert(&txn, &new, hash, Roles::default(), now).await?;
    audit::record(&txn, Entry::by_owner(Event::Registered, account.id.0, origin), now).await?;
    txn.commit().await?;
    Ok(account)
}

/// The hash of a new account's password, if the policy lets it pass.
///
/// # Errors
/// [`Refusal::UnfitPassword`]; [`Error::Busy`].
pub async fn hash_for(
    hasher: &Hasher,
    rules: &PasswordRules,
    new: &NewAccount,
    waiter: Waiter,
) -> Result<String> {
    screen(rules, new)?;
    hasher.judge(&new.password, rules_for(rules, new), waiter.clone()).await?;
    hasher.hash(&new.password, waiter).await
}

fn rules_for(rules: &PasswordRules, new: &NewAccount) -> PasswordRules {
    rules.with_context(new.username.canonical(), new.email.canonical())
}

fn screen(rules: &PasswordRules, new: &NewAccount) -> Result<()> {
    let screened = NewPassword::screen(new.password.expose(), &rules_for(rules, new));
    Ok(screened.map_err(|fault| Refusal::UnfitPassword(fault.to_string()))?)
}

/// Writes a new account within the caller's transaction.
///
/// # Errors
/// [`Refusal::UsernameTaken`], [`Refusal::EmailTaken`], [`Refusal::TooManyRoles`].
pub async fn insert(
    db: &impl ConnectionTrait,
    new: &NewAccount,
    password_hash: String,
    roles: Roles,
    now: Timestamp,
) -> Result<Account> {
    let row = tables::ActiveModel {
        id: Set(AccountId(Uuid::new_v4())),
        username: Set(new.username.typed().to_owned()),
        username_canonical: Set(new.username.canonical().to_owned()),
        email: Set(new.email.typed().to_owned()),
        email_canonical: Set(new.email.canonical().to_owned()),
        password_hash: Set(password_hash),
        password_changed_at: Set(now),
        created_at: Set(now),
        disabled_at: Set(None),
        epoch: Set(0),
        last_login_at: Set(None),
        last_login_address: Set(String::new()),
        last_login_user_agent: Set(String::new()),
        failed_logins: Set(0),
        browsers_since: Set(now),
        raised_at: Set(None),
    };
    let row = row.insert(db).await.map_err(|error| {
        if store::is_taken(&error, "username_canonical") {
            Error::from(Refusal::UsernameTaken)
        } else if store::is_taken(&error, "email_canonical") {
            Refusal::EmailTaken.into()
        } else {
            error.into()
        }
    })?;
    write_roles(db, row.id, &roles, now).await?;
    Ok(Account::of(row, roles))
}
