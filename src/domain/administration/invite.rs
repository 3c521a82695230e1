//! Opening an account for somebody else.

use serde_json::json;
use time::Duration;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::{EmailAddress, Username};
use crate::domain::accounts::permissions::{Permission, Roles};
use crate::domain::accounts::{self, Account, NewAccount};
use crate::domain::credentials::Credentials;
use crate::domain::one_time;
use crate::domain::passwords::hash::PasswordHash;
use crate::domain::passwords::hasher::Waiter;
use crate::domain::sessions::{Act, Actor};

/// Opens an account with roles.
///
/// # Errors
/// [`crate::base::error::Error::Denied`]; what opening an account refuses;
/// `accounts::refusals::TOO_MANY_ROLES`.
pub async fn add_account(
    credentials: &Credentials<'_>,
    new: &NewAccount,
    roles: Roles,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Account> {
    let (hasher, rules) = (credentials.passwords.hasher, credentials.rules);
    let hash = accounts::hash_for(hasher, rules, new, Waiter::House).await?;
    let demanded = Some(Permission::Administer);
    let (act, _) = credentials.sessions.begin_act(actor, demanded, &[], now).await?;
    let account = insert(&act, new, hash, roles).await?;
    act.commit().await?;
    Ok(account)
}

/// Opens an account for somebody who sets the password by a recovery link.
/// Returns it with the token of that link.
///
/// # Errors
/// As [`add_account`], but for the password.
pub async fn invite(
    credentials: &Credentials<'_>,
    (username, email): (Username, EmailAddress),
    roles: Roles,
    actor: Actor<'_>,
    (life, now): (Duration, Timestamp),
) -> Result<(Account, String)> {
    let (password, hash) = credentials.passwords.hasher.hash_unknown().await?;
    let new = NewAccount { username, email, password };
    let demanded = Some(Permission::Administer);
    let (act, _) = credentials.sessions.begin_act(actor, demanded, &[], now).await?;
    let account = insert(&act, &new, hash, roles).await?;
    let token = one_time::start_recovery(&act, account.id, life).await?;
    act.commit().await?;
    Ok((account, token))
}

/// Opens an account for a service, which has tokens and never signs in.
///
/// # Errors
/// As [`add_account`]; `accounts::refusals::NOT_FOR_SERVICES` for roles of staff.
pub async fn add_service(
    credentials: &Credentials<'_>,
    username: &Username,
    roles: Roles,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Account> {
    let (_, hash) = credentials.passwords.hasher.hash_unknown().await?;
    let demanded = Some(Permission::Administer);
    let (act, _) = credentials.sessions.begin_act(actor, demanded, &[], now).await?;
    let account = accounts::insert_service(&act.txn, username, hash, roles, now).await?;
    tell(&act, &account).await?;
    act.commit().await?;
    Ok(account)
}

async fn insert(
    act: &Act<'_>,
    new: &NewAccount,
    hash: PasswordHash,
    roles: Roles,
) -> Result<Account> {
    let account = accounts::insert(&act.txn, new, hash, roles, act.now).await?;
    tell(act, &account).await?;
    Ok(account)
}

async fn tell(act: &Act<'_>, account: &Account) -> Result<()> {
    let data = json!({ "roles": account.roles });
    act.tell(accounts::events::REGISTERED, Some(account.id), data).await.map(drop)
}
