//! Roles: which ones an account has, and which ones there are.

use super::{Done, keep_an_admin, listed};
use crate::accounts::names::RoleName;
use crate::accounts::roles::{Permission, Roles};
use crate::accounts::{self, Account, AccountId, own_roles};
use crate::audit::Event;
use crate::error::{Error, Result};
use crate::sessions::revocation::Revoked;
use crate::sessions::{Act, Actor, Sessions};
use crate::timestamp::Timestamp;

/// Replaces the roles of an account. It acts on the account's next request.
///
/// # Errors
/// [`Error::Denied`]; [`crate::error::Refusal::LastAdmin`],
/// [`crate::error::Refusal::TooManyRoles`]; not found.
pub async fn set_roles(
    sessions: &Sessions,
    id: AccountId,
    roles: &Roles,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Done> {
    let demanded = Some(Permission::Administer);
    let (act, found) = sessions.begin_act(actor, demanded, &[id], now).await?;
    let account = found.first().ok_or(Error::NotFound)?;
    let (mut done, mut revoked) = (Done::default(), Revoked::default());
    if account.roles != *roles {
        let (event, more) = replace(sessions, &act, account, roles).await?;
        done.told(event);
        done.accounts = 1;
        revoked = more;
    }
    act.commit().await?;
    sessions.make_known([id], revoked);
    Ok(done)
}

/// Writes the roles of an account that is held. Returns the number of the event.
async fn replace(
    sessions: &Sessions,
    act: &Act<'_>,
    account: &Account,
    roles: &Roles,
) -> Result<(i64, Revoked)> {
    let (txn, now) = (&act.txn, act.now);
    accounts::write_roles(txn, account.id, roles, now).await?;
    keep_an_admin(txn, std::slice::from_ref(account)).await?;
    let revoked = sessions.require_refresh(txn, account, "roles changed", now).await?;
    let words = format!("from {} to {}", listed(&account.roles), listed(roles));
    Ok((act.tell(Event::RolesChanged, Some(account.id), words).await?, revoked))
}

/// Makes a role.
///
/// # Errors
/// [`Error::Denied`]; [`crate::error::Refusal::RoleTaken`].
pub async fn create_role(
    sessions: &Sessions,
    name: &RoleName,
    description: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    own_roles::create(&act.txn, name, description, now).await?;
    act.tell(Event::RoleCreated, None, name.as_str()).await?;
    act.commit().await
}

/// Renames or describes a role. Everyone's next request gets a token with the new name.
///
/// # Errors
/// [`Error::Denied`]; [`crate::error::Refusal::RoleTaken`], [`crate::error::Refusal::TooManyRoles`]; not found.
pub async fn rename_role(
    sessions: &Sessions,
    from: &str,
    to: &RoleName,
    description: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    own_roles::rename(&act.txn, from, to, description).await?;
    let words = format!("from {from} to {}", to.as_str());
    act.tell(Event::RoleRenamed, None, words).await?;
    let revoked = if from == to.as_str() {
        Revoked::default()
    } else {
        sessions.require_refresh_of_everyone(&act.txn, "role renamed", now).await?
    };
    act.commit().await?;
    sessions.make_known([], revoked);
    Ok(())
}

/// Removes a role, also from everyone who has it. Returns how many had it.
///
/// # Errors
/// [`Error::Denied`]; not found.
pub async fn remove_role(
    sessions: &Sessions,
    name: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<u64> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    let holders = own_roles::remove(&act.txn, name).await?;
    act.tell(Event::RoleRemoved, None, format!("{name}, from {holders} accounts")).await?;
    let revoked = sessions.require_refresh_of_everyone(&act.txn, "role removed", now).await?;
    act.commit().await?;
    sessions.make_known([], revoked);
    Ok(holders)
}
