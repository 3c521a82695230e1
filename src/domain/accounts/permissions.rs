//! Roles and what they permit: the one place that knows who may do what.

use std::collections::BTreeSet;

use serde::Serialize;

use super::names::RoleName;

/// What a member of staff may be permitted to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See the overview, accounts and sessions.
    Look,
    /// Read and export the audit log.
    ReadAudit,
    /// End sessions, revoke tokens, lift a throttle.
    EndSessions,
    /// Disable and enable accounts, send recovery links (never of an administrator).
    ManageAccounts,
    /// Everything else: roles, creating, deleting, keys, signing everyone out.
    Administer,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 5] =
        [Self::Look, Self::ReadAudit, Self::EndSessions, Self::ManageAccounts, Self::Administer];
}

/// The role that may do everything.
pub const ADMIN: &str = "admin";
/// The role that helps people.
pub const SUPPORT: &str = "support";
/// The role that looks and reads.
pub const AUDITOR: &str = "auditor";

/// The roles that mean something here.
pub const BUILT_IN: [&str; 3] = [ADMIN, SUPPORT, AUDITOR];

/// The most bytes that all role names of one account may take together, so
/// that the access cookie stays below the 4096 bytes browsers keep.
pub const MOST_BYTES: usize = 2000;

/// The roles of one account. Everyone is a member; roles come on top.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Roles(BTreeSet<String>);

impl Roles {
    /// The roles of these names.
    pub fn of(names: impl IntoIterator<Item = RoleName>) -> Self {
        Self(names.into_iter().map(|name| name.as_str().to_owned()).collect())
    }

    /// Roles from the database or from a verified token, where each name was parsed before.
    pub(crate) fn stored(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// All of them but these.
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|name| !names.contains(&name.as_str())).cloned().collect())
    }

    /// Those that the others have, too.
    pub fn common(&self, others: &Self) -> Self {
        Self(self.0.intersection(&others.0).cloned().collect())
    }

    /// The only role of an administrator.
    pub fn admin() -> Self {
        Self(BTreeSet::from([ADMIN.to_owned()]))
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether one of the roles permits it (the table of who may do what).
    pub fn may(&self, permission: Permission) -> bool {
        let has = |role: &str| self.0.contains(role);
        match permission {
            Permission::Look => has(ADMIN) || has(SUPPORT) || has(AUDITOR),
            Permission::ReadAudit => has(ADMIN) || has(AUDITOR),
            Permission::EndSessions | Permission::ManageAccounts => has(ADMIN) || has(SUPPORT),
            Permission::Administer => has(ADMIN),
        }
    }

    /// Whether these roles permit all that the others permit.
    pub fn cover(&self, others: &Self) -> bool {
        Permission::ALL.iter().all(|permission| !others.may(*permission) || self.may(*permission))
    }

    /// Whether one of the roles is this one.
    pub fn has(&self, role: &str) -> bool {
        self.0.contains(role)
    }

    /// These and another one.
    pub fn and(&self, role: &RoleName) -> Self {
        Self(self.0.iter().cloned().chain([role.as_str().to_owned()]).collect())
    }

    /// Whether the names fit into an access token.
    pub fn fit_a_token(&self) -> bool {
        self.0.iter().map(|name| name.len() + 3).sum::<usize>() <= MOST_BYTES
    }
}
