//! Opening an account for somebody else.

use time::Duration;

use super::listed;
use crate::accounts::names::{EmailAddress, Username};
use crate::accounts::roles::Roles;
use crate::accounts::{self, Account, NewAccount};
use crate::audit::{self, Actor, Event};
use crate::credentials::{self, Credentials};
use crate::error::Result;
use crate::sessions::Sessions;
use crate::timestamp::Timestamp;

/// Opens an account with roles.
///
/// # Errors
/// What opening an account refuses, and [`Refusal::TooManyRoles`].
pub async fn add_account(
    credentials: &Credentials<'_>,
    new: &NewAccount,
    roles: Roles,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Account> {
    let hash = accounts::hash_for(credentials.passwords.hasher, credentials.rules, new).await?;
    insert(credentials.sessions, new, hash, roles, actor, now).await
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
    let (password, hash) = credentials.unknown_password().await?;
    let new = NewAccount { username, email, password };
    let account = insert(credentials.sessions, &new, hash, roles, actor, now).await?;
    let db = &credentials.sessions.db;
    let token = credentials::start_recovery(db, account.id, life, actor, now).await?;
    Ok((account, token))
}

async fn insert(
    sessions: &Sessions,
    new: &NewAccount,
    hash: String,
    roles: Roles,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Account> {
    let txn = sessions.db.begin().await?;
    let account = accounts::insert(&txn, new, hash, roles, now).await?;
    let told = actor.does(Event::Registered, Some(account.id.0)).with(listed(&account.roles));
    audit::record(&txn, told, now).await?;
    txn.commit().await?;
    Ok(account)
}
