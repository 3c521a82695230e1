//! What staff may do, and who may do it. One file for each page.

mod account;
mod accounts;
mod audit;
mod bulk;
mod doctor;
mod edit;
mod overview;
mod permissions;
mod revocations;
mod roles;
mod sessions;

use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::{Permission, Roles};

use crate::app::App;
use crate::guarding::{guard, wiki};

const WHY: (&str, &str) = ("reason", "asked for by phone");

const PEOPLE: [(&str, &[&str]); 5] = [
    ("member", &[]),
    ("editor", &["editors"]),
    ("auditor-one", &["auditor"]),
    ("helper", &["support"]),
    ("chief", &["admin"]),
];

fn permits(roles: &[&str], permission: Permission) -> bool {
    Roles::of(roles.iter().map(|role| RoleName::parse(role).unwrap())).may(permission)
}

async fn with_people() -> (App, String) {
    let app = App::start().await;
    guard(&app, wiki()).await;
    let mut id = String::new();
    for (name, roles) in PEOPLE {
        id = app.account(name, roles).await.id.to_string();
    }
    (app, id)
}
