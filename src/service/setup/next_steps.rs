//! What is left to do at a new service. A step goes when it is done, and all go
//! with time: an operator who left one out has decided so by then.

use serde::Serialize;
use time::Duration;

use crate::base::error::Result;
use crate::base::store;
use crate::base::timestamp::Timestamp;
use crate::domain::audit::{self, Filter};
use crate::service::settings::Registration;
use crate::service::{Doorward, events};

/// How long a service is new.
const NEW: Duration = Duration::days(30);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What to do.
    pub title: &'static str,
    /// Why, and how.
    pub words: String,
    /// The command that does it, or helps; empty where it is a setting.
    pub command: &'static str,
}

/// The steps that are not done yet, in the order to take them.
///
/// # Errors
/// The database failed.
pub async fn of(doorward: &Doorward, now: Timestamp) -> Result<Vec<Step>> {
    let db = doorward.db.read();
    if audit::began_at(db).await?.is_none_or(|began| now.since(began) > NEW) {
        return Ok(vec![]);
    }
    let steps = [https(doorward), registration(doorward), backup(doorward).await?];
    Ok(steps.into_iter().flatten().collect())
}

fn https(doorward: &Doorward) -> Option<Step> {
    let base = &doorward.settings.base_url;
    (!base.is_https()).then(|| Step {
        title: "Use HTTPS",
        words: format!(
            "The server answers under {} and no other address. Set base_url to an https address, and put nginx or Caddy in front. This prints the configuration:",
            base.as_str()
        ),
        command: "doorward proxy nginx --name HOST",
    })
}

fn registration(doorward: &Doorward) -> Option<Step> {
    let web = &doorward.settings.web;
    (web.registration == Registration::Open && !web.registration_is_set).then(|| Step {
        title: "Decide who may register",
        words: "Anyone who reaches this server can create an account. Set registration to \"closed\" or, if that is what you want, to \"open\".".to_owned(),
        command: "",
    })
}

/// Only of the SQLite file: PostgreSQL is backed up by its own means.
async fn backup(doorward: &Doorward) -> Result<Option<Step>> {
    if store::sqlite_file(&doorward.settings.store.url).is_none() {
        return Ok(None);
    }
    let backups = Filter { event: Some(events::BACKED_UP), ..Filter::default() };
    let done = !audit::list(doorward.db.read(), &backups, i64::MAX, 1).await?.is_empty();
    Ok((!done).then(|| Step {
        title: "Make a backup",
        words: "It has the database and not the keys: store the key file, too, in another place. This command works while the server runs:".to_owned(),
        command: "doorward backup FILE",
    }))
}
