//! The roles of accounts, as the command line names them. One that does not
//! exist is refused, as a typing error would otherwise create it.

use crate::base::error::{Error, Result};
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::{BUILT_IN, Roles};
use crate::domain::accounts::{Account, custom_roles};
use crate::service::{Doorward, words};

/// The roles of these names.
///
/// # Errors
/// One of them does not exist; a suggestion says which may be meant.
pub(in crate::cli) async fn parse(doorward: &Doorward, names: &[String]) -> Result<Roles> {
    let own = custom_roles::list(doorward.db.read()).await?;
    let own = own.iter().map(|role| role.name.as_str());
    let known: Vec<&str> = BUILT_IN.into_iter().chain(own).collect();
    let unknown = names.iter().find(|name| !known.contains(&name.as_str()));
    if let Some(name) = unknown {
        let hint = match words::near(name, known.iter().copied()) {
            Some(near) => format!("Did you mean {near}?"),
            None => format!("There are: {}.", known.join(", ")),
        };
        return Err(Error::broken(format!(
            "There is no role {name}. {hint} `doorward role add` creates roles."
        )));
    }
    named(names.iter().map(String::as_str))
}

/// The roles of an account, with these.
pub(super) fn with(account: &Account, more: &Roles) -> Result<Roles> {
    named(account.roles.names().chain(more.names()))
}

/// The roles of an account, without these.
///
/// # Errors
/// It does not have one of them.
pub(super) fn without(account: &Account, names: &[String]) -> Result<Roles> {
    if let Some(name) = names.iter().find(|name| !account.roles.has(name)) {
        let hint = match words::near(name, account.roles.names()) {
            Some(near) => format!(" Did you mean {near}?"),
            None => String::new(),
        };
        let account = &account.username;
        return Err(Error::broken(format!("{account} does not have the role {name}.{hint}")));
    }
    named(account.roles.names().filter(|held| names.iter().all(|name| name != held)))
}

fn named<'n>(names: impl Iterator<Item = &'n str>) -> Result<Roles> {
    let parse = |name: &str| {
        RoleName::parse(name)
            .map_err(|why| Error::broken(format!("The role {name:?}: {}", words::refusal(why))))
    };
    Ok(Roles::of(names.map(parse).collect::<Result<Vec<_>>>()?))
}
