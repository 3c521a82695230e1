//! What staff and the operator do to accounts. The last administrator is kept
//! in the same transaction that could remove it.

use sea_orm::ConnectionTrait;

use crate::accounts::roles::{ADMIN, Roles};
use crate::accounts::{self, Account, AccountId, NewAccount};
use crate::audit::{self, Entry, Event, Origin};
use crate::credentials::Credentials;
use crate::error::{Refusal, Result};
use crate::sessions::{EndReason, Sessions};
use crate::timestamp::Timestamp;

/// Who does something, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// The account that acts; `None` for the operator at the command line.
    pub account: Option<AccountId>,
    /// Where the request came from.
    pub origin: &'a Origin,
}

impl<'a> Actor<'a> {
    fn entry(self, event: Event, target: AccountId) -> Entry<'a> {
        let actor = self.account.map(|account| account.0);
        Entry { actor, ..Entry::about(event, target.0, self.origin) }
    }
}

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
    let hash = accounts::hash_for(credentials.hasher, credentials.rules, new).await?;
    let txn = credentials.sessions.db.begin().await?;
    let account = accounts::insert(&txn, new, hash, roles, now).await?;
    let told = actor.entry(Event::Registered, account.id).with(listed(&account.roles));
    audit::record(&txn, told, now).await?;
    txn.commit().await?;
    Ok(account)
}

/// Replaces the roles of an account. It acts on the account's next request.
///
/// # Errors
/// [`Refusal::LastAdmin`], [`Refusal::TooManyRoles`]; not found.
pub async fn set_roles(
    sessions: &Sessions,
    id: AccountId,
    roles: &Roles,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let txn = sessions.db.begin().await?;
    let account = accounts::by_id_to_change(&txn, id).await?;
    accounts::write_roles(&txn, id, roles).await?;
    keep_an_admin(&txn, &account).await?;
    let revoked = sessions.require_refresh(&txn, &account, "roles changed", now).await?;
    let words = format!("from {} to {}", listed(&account.roles), listed(roles));
    audit::record(&txn, actor.entry(Event::RolesChanged, id).with(words), now).await?;
    txn.commit().await?;
    sessions.make_known(id, revoked);
    Ok(())
}

/// Switches an account off and ends its sessions.
///
/// # Errors
/// [`Refusal::LastAdmin`]; not found.
pub async fn disable(
    sessions: &Sessions,
    id: AccountId,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let txn = sessions.db.begin().await?;
    let account = accounts::by_id_to_change(&txn, id).await?;
    accounts::set_disabled(&txn, id, Some(now)).await?;
    keep_an_admin(&txn, &account).await?;
    let (_, revoked) = sessions.end_all(&txn, &account, None, EndReason::Disabled, now).await?;
    audit::record(&txn, actor.entry(Event::AccountDisabled, id), now).await?;
    txn.commit().await?;
    sessions.make_known(id, revoked);
    Ok(())
}

/// Switches an account on again.
///
/// # Errors
/// Not found.
pub async fn enable(
    sessions: &Sessions,
    id: AccountId,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let txn = sessions.db.begin().await?;
    accounts::by_id_to_change(&txn, id).await?;
    accounts::set_disabled(&txn, id, None).await?;
    audit::record(&txn, actor.entry(Event::AccountEnabled, id), now).await?;
    Ok(txn.commit().await?)
}

/// Removes an account and everything kept about it but the audit log.
///
/// # Errors
/// [`Refusal::LastAdmin`]; not found.
pub async fn delete(
    sessions: &Sessions,
    id: AccountId,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let txn = sessions.db.begin().await?;
    let account = accounts::by_id_to_change(&txn, id).await?;
    accounts::delete(&txn, id).await?;
    keep_an_admin(&txn, &account).await?;
    let revoked = sessions.revoke_deleted(&txn, id, now).await?;
    audit::record(&txn, actor.entry(Event::AccountDeleted, id), now).await?;
    txn.commit().await?;
    sessions.make_known(id, revoked);
    Ok(())
}

/// Ends all sessions of an account. Returns how many.
///
/// # Errors
/// Not found.
pub async fn end_sessions(
    sessions: &Sessions,
    id: AccountId,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<u64> {
    let txn = sessions.db.begin().await?;
    let account = accounts::by_id_to_change(&txn, id).await?;
    let (ended, revoked) = sessions.end_all(&txn, &account, None, EndReason::ByAdmin, now).await?;
    let told = actor.entry(Event::SessionEndedByStaff, id).with(format!("all: {ended}"));
    audit::record(&txn, told, now).await?;
    txn.commit().await?;
    sessions.make_known(id, revoked);
    Ok(ended)
}

/// Whether the account is the only administrator left.
///
/// # Errors
/// The database failed.
pub async fn is_last_admin(db: &impl ConnectionTrait, account: &Account) -> Result<bool> {
    let counts = account.roles.names().any(|role| role == ADMIN) && account.disabled_at.is_none();
    Ok(counts && accounts::count_admins(db).await? <= 1)
}

/// Refuses, after the deed and before its commit, to be left without an administrator.
async fn keep_an_admin(db: &impl ConnectionTrait, before: &Account) -> Result<()> {
    let was_admin = before.roles.names().any(|role| role == ADMIN) && before.disabled_at.is_none();
    if was_admin && accounts::count_admins(db).await? == 0 {
        return Err(Refusal::LastAdmin.into());
    }
    Ok(())
}

fn listed(roles: &Roles) -> String {
    let names: Vec<&str> = roles.names().collect();
    if names.is_empty() { "no roles".to_owned() } else { names.join(", ") }
}
