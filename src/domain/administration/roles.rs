//! Roles: which ones an account has, and which ones there are.

use serde_json::json;

use super::many::{Demands, in_parts};
use super::outcome::Outcome;
use super::safeguards::keep_an_admin;
use super::table::UndoKind;
use super::undoable::{remember_roles, supersede};
use super::{events, refusals};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::{ADMIN, Permission, Roles};
use crate::domain::accounts::{self, Account, AccountId, custom_roles};
use crate::domain::applications;
use crate::domain::one_time::{self, TokenPurpose};
use crate::domain::personal_tokens;
use crate::domain::sessions::revocation::Revoked;
use crate::domain::sessions::{Act, Actor, Sessions};

/// The roles that an account is to have.
pub struct Change<'a> {
    /// Those it had when the form was drawn; `None` where nobody was shown any.
    pub shown: Option<&'a Roles>,
    /// Those it is to have.
    pub roles: &'a Roles,
}

/// Replaces the roles of an account. It acts on the account's next request.
///
/// # Errors
/// [`Error::Denied`]; `administration::refusals::ROLES_CHANGED_MEANWHILE`, `administration::refusals::LAST_ADMIN`,
/// `accounts::refusals::TOO_MANY_ROLES`; not found.
pub async fn set_roles(
    sessions: &Sessions,
    id: AccountId,
    change: Change<'_>,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let demanded = Some(Permission::Administer);
    let (act, found) = sessions.begin_act(actor, demanded, &[id], now).await?;
    let account = found.first().ok_or(Error::NotFound)?;
    if change.shown.is_some_and(|shown| account.roles != *shown) {
        return Err(refusals::ROLES_CHANGED_MEANWHILE.into());
    }
    // Those who want them so, too, would be surprised by somebody else's undo.
    supersede(&act.txn, UndoKind::Roles, &found).await?;
    let (mut done, mut revoked) = (Outcome::default(), Revoked::default());
    if account.roles != *change.roles {
        let (event, more) = replace(sessions, &act, account, change.roles).await?;
        remember_roles(&act, account, change.roles, event).await?;
        done.told(event);
        done.accounts = 1;
        revoked = more;
    }
    act.commit().await?;
    sessions.make_known([id], revoked);
    Ok(done)
}

/// A role to give to many, or to take from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleChange<'a> {
    /// They have it from now on.
    Add(&'a RoleName),
    /// They do not have it any more.
    Remove(&'a RoleName),
}

impl RoleChange<'_> {
    /// The roles of somebody who had these.
    pub fn of(self, roles: &Roles) -> Roles {
        match self {
            Self::Add(role) => roles.and(role),
            Self::Remove(role) => roles.without(&[role.as_str()]),
        }
    }
}

/// Gives a role to these accounts, or takes it from them: of up to 200 to all
/// or to none, of more in parts. Those it changes nothing about are left out.
///
/// # Errors
/// [`Error::NotFound`] when there are no such accounts;
/// `administration::refusals::ROLE_IS_GONE`, `administration::refusals::LAST_ADMIN`;
/// `accounts::refusals::TOO_MANY_ROLES`.
pub async fn change_role(
    sessions: &Sessions,
    change: RoleChange<'_>,
    ids: &[AccountId],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let removed = if let RoleChange::Remove(role) = change { role.as_str() } else { "" };
    let demands = Demands {
        permission: Permission::Administer,
        outrank: false,
        unmakes_admins: removed == ADMIN,
        adds: if let RoleChange::Add(role) = change { Some(role) } else { None },
    };
    let act = |ids: Vec<AccountId>| async move {
        change_role_of(sessions, change, &ids, actor, now).await
    };
    in_parts(sessions, ids, demands, (actor, now), act).await
}

async fn change_role_of(
    sessions: &Sessions,
    change: RoleChange<'_>,
    ids: &[AccountId],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let demanded = Some(Permission::Administer);
    let (act, found) = sessions.begin_act(actor, demanded, ids, now).await?;
    let (RoleChange::Add(role) | RoleChange::Remove(role)) = change;
    if found.is_empty() {
        return Err(Error::NotFound);
    }
    if !custom_roles::exist(&act.txn, &Roles::of([role.clone()])).await? {
        return Err(refusals::ROLE_IS_GONE.into());
    }
    supersede(&act.txn, UndoKind::Roles, &found).await?;
    let (mut done, mut revoked) = (Outcome::default(), Revoked::default());
    for account in &found {
        let roles = change.of(&account.roles);
        if account.roles == roles {
            continue;
        }
        let (event, more) = replace(sessions, &act, account, &roles).await?;
        remember_roles(&act, account, &roles, event).await?;
        done.told(event);
        done.accounts += 1;
        revoked = revoked.and(more);
    }
    act.commit().await?;
    sessions.make_known(found.iter().map(|account| account.id), revoked);
    Ok(done)
}

/// Writes the roles of an account that is held. Returns the number of the event.
pub(super) async fn replace(
    sessions: &Sessions,
    act: &Act<'_>,
    account: &Account,
    roles: &Roles,
) -> Result<(i64, Revoked)> {
    let (txn, now) = (&act.txn, act.now);
    accounts::write_roles(txn, account.id, roles, now).await?;
    keep_an_admin(txn, std::slice::from_ref(account)).await?;
    if !account.roles.cover(roles) {
        // A link made for a member must not lead into what the member became.
        one_time::void(txn, account.id, &[TokenPurpose::Recovery], now).await?;
    }
    let revoked = sessions.require_refresh(txn, account, "roles changed", now).await?;
    let data = json!({ "before": account.roles, "after": roles });
    Ok((act.tell(events::ROLES_CHANGED, Some(account.id), data).await?, revoked))
}

/// Makes a role.
///
/// # Errors
/// [`Error::Denied`]; `accounts::refusals::ROLE_TAKEN`.
pub async fn create_role(
    sessions: &Sessions,
    name: &RoleName,
    description: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    custom_roles::create(&act.txn, name, description, now).await?;
    act.tell(events::ROLE_CREATED, None, json!({ "role": name.as_str() })).await?;
    act.commit().await
}

/// Renames or describes a role. Everyone's next request gets a token with the new name.
///
/// # Errors
/// [`Error::Denied`]; `accounts::refusals::ROLE_TAKEN`, `accounts::refusals::TOO_MANY_ROLES`; not found.
pub async fn rename_role(
    sessions: &Sessions,
    from: &str,
    to: &RoleName,
    description: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    custom_roles::rename(&act.txn, from, to, description).await?;
    if from != to.as_str() {
        applications::rename_role(&act.txn, from, to.as_str()).await?;
        personal_tokens::rename_role(&act.txn, from, to.as_str()).await?;
    }
    let data = json!({ "before": from, "after": to.as_str() });
    act.tell(events::ROLE_RENAMED, None, data).await?;
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
    let holders = custom_roles::remove(&act.txn, name).await?;
    personal_tokens::forget_role(&act.txn, name).await?;
    let data = json!({ "role": name, "accounts": holders });
    act.tell(events::ROLE_REMOVED, None, data).await?;
    let revoked = sessions.require_refresh_of_everyone(&act.txn, "role removed", now).await?;
    act.commit().await?;
    sessions.make_known([], revoked);
    Ok(holders)
}
