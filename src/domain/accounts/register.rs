//! Opening an account.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr};
use uuid::Uuid;

use super::account::{Account, NewAccount};
use super::authenticate::Passwords;
use super::find::taken;
use super::id::AccountId;
use super::kind::AccountKind;
use super::names::{EmailAddress, Username, kept};
use super::permissions::Roles;
use super::update::write_roles;
use super::{events, refusals};
use super::{searched, tables};
use crate::base::error::{Error, Result};
use crate::base::store;
use crate::base::timestamp::Timestamp;
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::passwords::hash::PasswordHash;
use crate::domain::passwords::hasher::{Hasher, Waiter};
use crate::domain::passwords::policy::PasswordRules;

/// Opens an account for someone new. Everyone starts as a member.
///
/// The unique index decides whether a name is free; asking it first saves the
/// work for a name that is not. What is worked on counts, whatever comes of it.
///
/// # Errors
/// A refusal of a taken or reserved name or an unfit password;
/// `throttle::refusals::TOO_MANY_ATTEMPTS`; [`Error::Busy`].
pub async fn register(
    Passwords { db, hasher, throttle }: Passwords<'_>,
    rules: &PasswordRules,
    new: NewAccount,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<Account> {
    if new.username.is_reserved() {
        return Err(refusals::USERNAME_RESERVED.into());
    }
    if new.email.mixes_scripts() {
        return Err(refusals::EMAIL_MIXES_SCRIPTS.into());
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
    let inserted = insert(&txn, &new, hash, Roles::default(), now).await;
    let account = inserted.map_err(without_reason)?;
    audit::record(&txn, Entry::by_owner(events::REGISTERED, account.id.0, origin), now).await?;
    txn.commit().await?;
    Ok(account)
}

/// The hash of a new account's password, if the policy lets it pass.
///
/// # Errors
/// what the password rules refuse; [`Error::Busy`].
pub async fn hash_for(
    hasher: &Hasher,
    rules: &PasswordRules,
    new: &NewAccount,
    waiter: Waiter,
) -> Result<PasswordHash> {
    screen(rules, new)?;
    hasher.hash_new(&new.password, rules_for(rules, new), waiter).await
}

fn rules_for(rules: &PasswordRules, new: &NewAccount) -> PasswordRules {
    rules.with_context(new.username.canonical(), new.email.canonical())
}

fn screen(rules: &PasswordRules, new: &NewAccount) -> Result<()> {
    Ok(rules_for(rules, new).screen(&new.password)?)
}

/// Strangers are not told who used to be here.
fn without_reason(error: Error) -> Error {
    match error {
        Error::Refused(refusal) if refusal.is(refusals::USERNAME_KEPT) => {
            refusals::USERNAME_TAKEN.into()
        }
        other => other,
    }
}

/// Which name was taken, where that is why the database refuses a row.
pub(super) fn taken_name(error: DbErr) -> Error {
    if store::is_taken(&error, "username_canonical") {
        refusals::USERNAME_TAKEN.into()
    } else if store::is_taken(&error, "email_canonical") {
        refusals::EMAIL_TAKEN.into()
    } else {
        error.into()
    }
}

/// Writes a new account within the caller's transaction.
///
/// # Errors
/// `USERNAME_TAKEN`, `USERNAME_KEPT`, `EMAIL_TAKEN`, `TOO_MANY_ROLES` of `accounts::refusals`.
pub async fn insert(
    db: &impl ConnectionTrait,
    new: &NewAccount,
    password_hash: PasswordHash,
    roles: Roles,
    now: Timestamp,
) -> Result<Account> {
    let who = (&new.username, &new.email, AccountKind::Person);
    write(db, who, password_hash, roles, now).await
}

/// The same for a service: nobody has the password of `unknown`, and no mail
/// goes to its address (RFC 6761).
///
/// # Errors
/// As [`insert`]; `accounts::refusals::NOT_FOR_SERVICES`.
pub async fn insert_service(
    db: &impl ConnectionTrait,
    username: &Username,
    unknown: PasswordHash,
    roles: Roles,
    now: Timestamp,
) -> Result<Account> {
    let email = EmailAddress::parse(&format!("{}@service.invalid", username.canonical()))?;
    write(db, (username, &email, AccountKind::Service), unknown, roles, now).await
}

async fn write(
    db: &impl ConnectionTrait,
    (username, email, kind): (&Username, &EmailAddress, AccountKind),
    password_hash: PasswordHash,
    roles: Roles,
    now: Timestamp,
) -> Result<Account> {
    let row = tables::ActiveModel {
        id: Set(AccountId(Uuid::new_v4())),
        username: Set(username.typed().to_owned()),
        username_canonical: Set(username.canonical().to_owned()),
        email: Set(email.typed().to_owned()),
        email_canonical: Set(email.canonical().to_owned()),
        password_hash: Set(password_hash.into_text()),
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
        display_name: Set(String::new()),
        locked_until: Set(None),
        failed_before_unlock: Set(0),
        kind: Set(kind),
    };
    let row = row.insert(db).await.map_err(taken_name)?;
    kept::ensure_free(db, row.id, &row.username_canonical).await?;
    searched::write(db, &row).await?;
    write_roles(db, row.id, &roles, now).await?;
    Ok(Account::of(row, roles))
}
