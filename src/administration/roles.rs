//! Roles: which ones an account has, and which ones there are.

use super::{Done, keep_an_admin, listed};
use crate::accounts::names::RoleName;
use crate::accounts::roles::Roles;
use crate::accounts::{self, AccountId, own_roles};
use crate::audit::{self, Actor, Event};
use crate::error::Result;
use crate::sessions::Sessions;
use crate::sessions::revocation::Revoked;
use crate::timestamp::Timestamp;

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
) -> Result<Done> {
    let txn = sessions.db.begin().await?;
    accounts::hold_admins(&txn).await?;
    let account = accounts::by_id_to_change(&txn, id).await?;
    let mut done = Done::default();
    if account.roles == *roles {
        return Ok(done);
    }
    accounts::write_roles(&txn, id, roles, now).await?;
    keep_an_admin(&txn, std::slice::from_ref(&account)).await?;
    let revoked = sessions.require_refresh(&txn, &account, "roles changed", now).await?;
    let words = format!("from {} to {}", listed(&account.roles), listed(roles));
    let told = actor.does(Event::RolesChanged, Some(id.0)).with(words);
    done.told(audit::record(&txn, told, now).await?);
    done.accounts = 1;
    txn.commit().await?;
    sessions.make_known([id], revoked);
    Ok(done)
}

/// Makes a role.
///
/// # Errors
/// [`Refusal::RoleTaken`].
pub async fn create_role(
    sessions: &Sessions,
    name: &RoleName,
    description: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let txn = sessions.db.begin().await?;
    own_roles::create(&txn, name, description, now).await?;
    let told = actor.does(Event::RoleCreated, None).with(name.as_str());
    audit::record(&txn, told, now).await?;
    Ok(txn.commit().await?)
}

/// Renames or describes a role. Everyone's next request gets a token with the new name.
///
/// # Errors
/// [`Refusal::RoleTaken`], [`Refusal::TooManyRoles`]; not found.
pub async fn rename_role(
    sessions: &Sessions,
    from: &str,
    to: &RoleName,
    description: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let txn = sessions.db.begin().await?;
    own_roles::rename(&txn, from, to, description).await?;
    let told = actor.does(Event::RoleRenamed, None);
    let told = told.with(format!("from {from} to {}", to.as_str()));
    audit::record(&txn, told, now).await?;
    let revoked = if from == to.as_str() {
        Revoked::default()
    } else {
        sessions.require_refresh_of_everyone(&txn, "role renamed", now).await?
    };
    txn.commit().await?;
    sessions.make_known([], revoked);
    Ok(())
}

/// Removes a role, also from everyone who has it. Returns how many had it.
///
/// # Errors
/// Not found.
pub async fn remove_role(
    sessions: &Sessions,
    name: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<u64> {
    let txn = sessions.db.begin().await?;
    let holders = own_roles::remove(&txn, name).await?;
    let told = actor.does(Event::RoleRemoved, None);
    audit::record(&txn, told.with(format!("{name}, from {holders} accounts")), now).await?;
    let revoked = sessions.require_refresh_of_everyone(&txn, "role removed", now).await?;
    txn.commit().await?;
    sessions.make_known([], revoked);
    Ok(holders)
}
