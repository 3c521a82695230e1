//! Accounts as staff see them.

use serde::Serialize;

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

impl From<Account> for AccountRow {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            names: Names::from(&account),
            roles: account.roles.names().map(str::to_owned).collect(),
            state: if account.disabled_at.is_some() { "disabled" } else { "active" },
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
    failed_logins: i64,
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
            failed_logins: account.failed_logins,
        }
    }
}
