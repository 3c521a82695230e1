//! An account as everyone else sees it.

use super::id::AccountId;
use super::kind::AccountKind;
use super::names::{EmailAddress, Username};
use super::permissions::{BUILT_IN, Roles};
use super::tables::Model;
use crate::base::timestamp::Timestamp;
use crate::domain::audit::RequestSource;
use crate::domain::passwords::policy::Password;

/// A record of someone who may sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Never changes.
    pub id: AccountId,
    /// Whose it is.
    pub kind: AccountKind,
    /// As it was typed at registration.
    pub username: String,
    /// What it is called on pages; may be empty.
    pub display_name: String,
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
    /// Set while the account is disabled.
    pub disabled_at: Option<Timestamp>,
    /// Access tokens of an older epoch must be refreshed.
    pub epoch: i64,
    /// The last time the right password was given.
    pub last_login: Option<Login>,
    /// Wrong passwords since then.
    pub failed_logins: i64,
    /// How many of them were before it was last unlocked.
    pub(super) failed_before_unlock: i64,
    /// Until when attempts at its password were turned away when the last one
    /// failed: somewhere or everywhere.
    pub(super) locked_until: Option<Timestamp>,
    /// What it may do beyond a member's rights.
    pub roles: Roles,
    /// When it was last given a right of staff that it did not have.
    pub(super) raised_at: Option<Timestamp>,
    pub(super) password_hash: String,
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
    pub(super) fn of(row: Model, roles: Roles) -> Self {
        let origin = RequestSource {
            address: row.last_login_address,
            user_agent: row.last_login_user_agent,
            ..RequestSource::default()
        };
        Self {
            id: row.id,
            kind: row.kind,
            username: row.username,
            display_name: row.display_name,
            email: row.email,
            canonical_username: row.username_canonical,
            canonical_email: row.email_canonical,
            created_at: row.created_at,
            password_changed_at: row.password_changed_at,
            disabled_at: row.disabled_at,
            epoch: row.epoch,
            last_login: row.last_login_at.map(|at| Login { at, origin }),
            failed_logins: row.failed_logins,
            failed_before_unlock: row.failed_before_unlock,
            locked_until: row.locked_until,
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

    /// Until when it is locked, if it is now.
    pub fn locked_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| now < *until)
    }

    /// Wrong passwords since the last sign-in and since it was unlocked.
    pub fn failures_since_unlock(&self) -> i64 {
        self.failed_logins.saturating_sub(self.failed_before_unlock)
    }

    /// Whether it was given a right of staff after that moment. What came with
    /// the right waits for the password.
    pub fn was_raised_after(&self, at: Timestamp) -> bool {
        self.raised_at.is_some_and(|raised| at < raised)
    }

    /// What it may, without rights of staff that were given after that moment.
    pub fn roles_proved_at(&self, at: Timestamp) -> Roles {
        match self.was_raised_after(at) {
            true => self.roles.without(&BUILT_IN),
            false => self.roles.clone(),
        }
    }
}

/// What somebody gives to open an account.
pub struct NewAccount {
    /// The name to log in with.
    pub username: Username,
    /// The address to log in with and to be reached at.
    pub email: EmailAddress,
    /// Not yet checked against the policy.
    pub password: Password,
}
