//! Accounts as staff see them.

use serde::Serialize;

use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account};
use crate::web::answer::view::{LoginView, Moment, Names};

/// An account in a list.
#[derive(Serialize)]
pub(in crate::web::admin) struct AccountRow {
    id: String,
    #[serde(flatten)]
    names: Names,
    roles: Vec<String>,
    state: &'static str,
    created_at: Moment,
    last_login_at: Option<Moment>,
}

impl AccountRow {
    /// The account as it is at that moment.
    pub(in crate::web::admin) fn of(account: Account, now: Timestamp) -> Self {
        let state = match account.locked_at(now) {
            _ if account.disabled_at.is_some() => "disabled",
            Some(_) => "locked",
            None => "active",
        };
        Self {
            id: account.id.to_string(),
            names: Names::from(&account),
            roles: account.roles.names().map(str::to_owned).collect(),
            state,
            created_at: account.created_at.into(),
            last_login_at: account.last_login.map(|login| login.at.into()),
        }
    }
}

/// One account with all that staff see of it.
#[derive(Serialize)]
pub(in crate::web::admin) struct AccountDetails {
    id: String,
    #[serde(flatten)]
    names: Names,
    roles: Vec<String>,
    admin: bool,
    disabled_at: Option<Moment>,
    created_at: Moment,
    password_changed_at: Moment,
    last_login: Option<LoginView>,
}

impl From<Account> for AccountDetails {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            names: Names::from(&account),
            admin: account.roles.has(accounts::permissions::ADMIN),
            roles: account.roles.names().map(str::to_owned).collect(),
            disabled_at: account.disabled_at.map(Moment::from),
            created_at: account.created_at.into(),
            password_changed_at: account.password_changed_at.into(),
            last_login: account.last_login.map(LoginView::from),
        }
    }
}
