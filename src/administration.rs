//! What staff and the operator do to accounts. The last administrator is kept
//! in the same transaction that could remove it.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use time::Duration;
use uuid::Uuid;

use crate::accounts::names::{EmailAddress, LoginName, RoleName, Username};
use crate::accounts::roles::{ADMIN, Permission, Roles};
use crate::accounts::{self, Account, AccountId, NewAccount, own_roles};
use crate::audit::{self, Actor, Event};
use crate::credentials::{self, Credentials};
use crate::db::Again;
use crate::error::{Error, Refusal, Result};
use crate::sessions::revocation::Revoked;
use crate::sessions::{EndReason, Sessions};
use crate::throttle::Throttle;
use crate::timestamp::Timestamp;

/// For how long an act can be undone with one press of a button.
const UNDO: Duration = Duration::minutes(30);

/// What can be done to several accounts at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Switch the account off and end its sessions.
    Disable,
    /// Switch it on again.
    Enable,
    /// End all its sessions.
    EndSessions,
    /// Remove it and everything kept about it but the audit log.
    Delete,
}

impl Deed {
    /// Who may do it.
    pub fn permission(self) -> Permission {
        match self {
            Self::Disable | Self::Enable => Permission::ManageAccounts,
            Self::EndSessions => Permission::EndSessions,
            Self::Delete => Permission::Administer,
        }
    }

    fn event(self) -> Event {
        match self {
            Self::Disable => Event::AccountDisabled,
            Self::Enable => Event::AccountEnabled,
            Self::EndSessions => Event::SessionEndedByStaff,
            Self::Delete => Event::AccountDeleted,
        }
    }

    /// Whether it changes anything about the account.
    pub fn applies_to(self, account: &Account) -> bool {
        match self {
            Self::Disable => account.disabled_at.is_none(),
            Self::Enable => account.disabled_at.is_some(),
            Self::EndSessions | Self::Delete => true,
        }
    }
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// To how many accounts.
    pub accounts: u64,
    /// How many sessions ended by it.
    pub sessions: u64,
    /// The first and the last audit event that tell of it.
    pub events: Option<(i64, i64)>,
}

impl Done {
    fn told(&mut self, event: i64) {
        self.events = Some((self.events.map_or(event, |(first, _)| first), event));
    }
}

/// Does `deed` to these accounts, to all or to none. Accounts that are gone,
/// and those it changes nothing about, are left out.
///
/// # Errors
/// [`Error::NotFound`] when nothing is left; [`Refusal::LastAdmin`];
/// [`Refusal::MayMore`] when an account may do what the actor may not.
pub async fn act(
    sessions: &Sessions,
    deed: Deed,
    ids: &[AccountId],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Done> {
    let mut again = Again::default();
    loop {
        match act_once(sessions, deed, ids, actor, now).await {
            Err(error) if again.after(&error).await => {}
            done => return done,
        }
    }
}

async fn act_once(
    sessions: &Sessions,
    deed: Deed,
    ids: &[AccountId],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Done> {
    let txn = sessions.db.begin().await?;
    accounts::hold_admins(&txn).await?;
    // In one order for all, so that no two wait for each other's accounts.
    let ids: BTreeSet<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut affected = vec![];
    for id in ids {
        match accounts::by_id_to_change(&txn, AccountId(id)).await {
            Err(Error::NotFound) => {}
            account => affected.push(account?),
        }
    }
    if affected.is_empty() {
        return Err(Error::NotFound);
    }
    affected.retain(|account| deed.applies_to(account));
    if matches!(deed, Deed::Disable | Deed::Enable) {
        leave_the_mightier_alone(&txn, &affected, actor).await?;
    }
    let mut done = Done::default();
    let mut revoked = Revoked::default();
    for account in &affected {
        let (id, mut detail) = (account.id, String::new());
        match deed {
            Deed::Disable => accounts::set_disabled(&txn, id, Some(now)).await?,
            Deed::Enable => accounts::set_disabled(&txn, id, None).await?,
            Deed::EndSessions => {}
            Deed::Delete => {
                accounts::delete(&txn, id).await?;
                revoked = revoked.and(sessions.revoke_deleted(&txn, id, now).await?);
            }
        }
        if let Some(why) = ends_sessions(deed) {
            let (ended, more) = sessions.end_all(&txn, account, None, why, now).await?;
            revoked = revoked.and(more);
            done.sessions += ended;
            detail = format!("sessions ended: {ended}");
        }
        let told = actor.does(deed.event(), Some(id.0)).with(detail);
        done.told(audit::record(&txn, told, now).await?);
        done.accounts += 1;
    }
    if deed != Deed::Enable {
        keep_an_admin(&txn, &affected).await?;
    }
    txn.commit().await?;
    sessions.make_known(affected.iter().map(|account| account.id), revoked);
    Ok(done)
}

fn ends_sessions(deed: Deed) -> Option<EndReason> {
    match deed {
        Deed::Disable => Some(EndReason::Disabled),
        Deed::EndSessions => Some(EndReason::ByAdmin),
        Deed::Enable | Deed::Delete => None,
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

/// A recovery link for somebody who cannot log in; its token, once.
///
/// # Errors
/// [`Refusal::NotAnAdmin`]: whoever could make one for an administrator could
/// become that administrator. The operator can, at the command line. And
/// [`Refusal::MayMore`].
pub async fn start_recovery(
    sessions: &Sessions,
    id: AccountId,
    actor: Actor<'_>,
    (life, now): (Duration, Timestamp),
) -> Result<String> {
    let account = accounts::by_id(sessions.db.read(), id).await?;
    if account.roles.has(ADMIN) && actor.account.is_some() {
        return Err(Refusal::NotAnAdmin.into());
    }
    leave_the_mightier_alone(sessions.db.read(), std::slice::from_ref(&account), actor).await?;
    credentials::start_recovery(&sessions.db, id, life, actor, now).await
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

/// Takes back what these events of the kind `what` tell of, if the actor did it
/// lately and nobody has changed it since: accounts are switched on again,
/// roles are as before. (Sessions that ended stay ended.)
///
/// # Errors
/// [`Refusal::TooLateToUndo`].
pub async fn undo(
    sessions: &Sessions,
    what: Event,
    (first, last): (i64, i64),
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let mut rows = audit::between(sessions.db.read(), first, last).await?;
    rows.retain(|row| {
        row.event == what.name() && row.actor == actor.account && now.since(row.at) < UNDO
    });
    if what == Event::AccountDisabled && !rows.is_empty() {
        let off: Vec<AccountId> = rows.iter().filter_map(|row| row.target.map(AccountId)).collect();
        return match act(sessions, Deed::Enable, &off, actor, now).await {
            Ok(done) if done.accounts > 0 => Ok(()),
            Ok(_) | Err(Error::NotFound) => Err(Refusal::TooLateToUndo.into()),
            Err(error) => Err(error),
        };
    }
    let words = rows.first().and_then(|row| {
        let (before, after) = row.detail.strip_prefix("from ")?.split_once(" to ")?;
        Some((AccountId(row.target?), before, after))
    });
    let (id, before, after) = words.ok_or(Refusal::TooLateToUndo)?;
    let account = accounts::by_id(sessions.db.read(), id).await?;
    if listed(&account.roles) != after {
        return Err(Refusal::TooLateToUndo.into());
    }
    let names = before.split(", ").filter(|name| *name != NONE);
    let roles = Roles::of(names.filter_map(|name| RoleName::parse(name).ok()));
    set_roles(sessions, id, &roles, actor, now).await?;
    Ok(())
}

/// Lets an account be tried again at once, by user name and by e-mail address.
/// Says whether anything was counted against it.
///
/// # Errors
/// Not found; the database failed.
pub async fn lift_throttle(
    sessions: &Sessions,
    throttle: &Throttle,
    id: AccountId,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<bool> {
    let account = accounts::by_id(sessions.db.read(), id).await?;
    let names = [account.username, account.email].map(|name| LoginName::parse(&name));
    let lifted = throttle.lift(&names.each_ref().map(LoginName::canonical)).await?;
    let told = actor.does(Event::ThrottleLifted, Some(id.0));
    audit::record(sessions.db.write(), told, now).await?;
    Ok(lifted)
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

/// Whether the account is the only administrator left.
///
/// # Errors
/// The database failed.
pub async fn is_last_admin(db: &impl ConnectionTrait, account: &Account) -> Result<bool> {
    Ok(administers(account) && accounts::count_admins(db).await? <= 1)
}

fn administers(account: &Account) -> bool {
    account.roles.has(ADMIN) && account.disabled_at.is_none()
}

/// Refuses, after the deed and before its commit, to be left without an administrator.
async fn keep_an_admin(db: &impl ConnectionTrait, before: &[Account]) -> Result<()> {
    if before.iter().any(administers) && accounts::count_admins(db).await? == 0 {
        return Err(Refusal::LastAdmin.into());
    }
    Ok(())
}

/// Support helps members; nobody reaches out for what they may not do themselves.
async fn leave_the_mightier_alone(
    db: &impl ConnectionTrait,
    affected: &[Account],
    actor: Actor<'_>,
) -> Result<()> {
    let Some(account) = actor.account else { return Ok(()) };
    let own = accounts::by_id(db, AccountId(account)).await?.roles;
    let beyond = |permission: &Permission| {
        !own.may(*permission) && affected.iter().any(|account| account.roles.may(*permission))
    };
    if Permission::ALL.iter().any(beyond) { Err(Refusal::MayMore.into()) } else { Ok(()) }
}

const NONE: &str = "no roles";

fn listed(roles: &Roles) -> String {
    let names: Vec<&str> = roles.names().collect();
    if names.is_empty() { NONE.to_owned() } else { names.join(", ") }
}
