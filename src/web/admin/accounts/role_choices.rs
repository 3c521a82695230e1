//! The roles to tick in a form.

use serde::Serialize;

use crate::base::error::Result;
use crate::base::store::Db;
use crate::domain::accounts::custom_roles;
use crate::domain::accounts::permissions::Roles;
use crate::service::words::BUILT_IN_ROLES;
use crate::web::form::submitted::Typed;

/// A role to tick.
#[derive(Serialize)]
pub(in crate::web::admin) struct RoleChoice {
    name: String,
    description: String,
    ticked: bool,
}

pub(in crate::web::admin) async fn all_choices(db: &Db, roles: &Roles) -> Result<Vec<RoleChoice>> {
    let built_in =
        BUILT_IN_ROLES.map(|(name, words)| (name.to_owned(), words.to_owned())).into_iter();
    let own = custom_roles::list(db.read()).await?.into_iter();
    let all = built_in.chain(own.map(|role| (role.name, role.description)));
    let choice = |(name, description): (String, String)| {
        let ticked = roles.has(&name);
        RoleChoice { name, description, ticked }
    };
    Ok(all.map(choice).collect())
}

/// Ticked as they were in the form that is shown again.
pub(in crate::web::admin) fn as_typed(choices: Vec<RoleChoice>, form: &Typed) -> Vec<RoleChoice> {
    let typed = |choice: RoleChoice| {
        let ticked = form.is_ticked("role.", &choice.name).unwrap_or(choice.ticked);
        RoleChoice { ticked, ..choice }
    };
    choices.into_iter().map(typed).collect()
}
