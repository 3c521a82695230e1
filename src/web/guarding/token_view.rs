//! Personal tokens as pages list them.

use serde::Serialize;

use crate::base::secrets;
use crate::domain::personal_tokens::{Listed, Reach};
use crate::service::Doorward;
use crate::web::answer::view::Moment;

/// A token, without the token.
#[derive(Serialize)]
pub struct TokenView {
    id: String,
    name: String,
    hint: String,
    applications: String,
    roles: String,
    networks: String,
    created_at: Moment,
    expires_at: Option<Moment>,
    last_used_at: Option<Moment>,
    last_used_address: String,
    state: &'static str,
}

/// Those of an account.
pub fn views(doorward: &Doorward, listed: Vec<Listed>) -> Vec<TokenView> {
    let catalog = doorward.applications.current();
    let name = |id| {
        let found = catalog.all().iter().find(|found| found.id == id);
        found.map_or("a removed application", |found| &found.application.name)
    };
    let view = |one: Listed| TokenView {
        id: secrets::encode_id(one.id),
        applications: match &one.reach {
            Reach::All => "All applications".to_owned(),
            Reach::These(ids) => ids.iter().map(|id| name(*id)).collect::<Vec<_>>().join(", "),
        },
        roles: one.roles.names().collect::<Vec<_>>().join(", "),
        networks: one.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        name: one.name,
        hint: one.hint,
        created_at: one.created_at.into(),
        expires_at: one.expires_at.map(Moment::from),
        last_used_at: one.last_used_at.map(Moment::from),
        last_used_address: one.last_used_address,
        state: one.state.name(),
    };
    listed.into_iter().map(view).collect()
}
