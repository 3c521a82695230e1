//! Finding the account that an argument names.

use crate::base::error::{Error, Result};
use crate::domain::accounts::names::LoginName;
use crate::domain::accounts::{self, Account};
use crate::service::Doorward;

/// The account of that user name or e-mail address.
pub(in crate::cli) async fn find(doorward: &Doorward, name: &str) -> Result<Account> {
    match accounts::by_login_name(doorward.db.read(), &LoginName::parse(name)).await {
        Err(Error::NotFound) => Err(Error::broken(format!("There is no account {name:?}."))),
        found => found,
    }
}
