//! Audit events in words.

use sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::base::error::Result;
use crate::domain::accounts;
use crate::domain::audit::{self, RecordedEvent};
use crate::service::words;
use crate::web::answer::view::{Moment, browser_in_words};

/// An event in words.
#[derive(Serialize)]
pub(in crate::web::admin) struct EventView {
    id: i64,
    at: Moment,
    event: String,
    words: &'static str,
    actor: Option<Person>,
    target: Option<Person>,
    own: bool,
    browser: String,
    address: String,
    detail: String,
    reason: String,
}

/// Somebody in a sentence: a link, or what is left of a deleted account.
#[derive(Serialize)]
pub(in crate::web::admin) struct Person {
    id: String,
    username: Option<String>,
}

impl Person {
    /// The account of that id, with its name if it still exists.
    pub(in crate::web::admin) fn new(id: uuid::Uuid, username: Option<String>) -> Self {
        Self { id: id.to_string(), username }
    }
}

/// The events in words, with the names of the accounts they tell of.
pub(in crate::web::admin) async fn event_views(
    db: &DatabaseConnection,
    rows: Vec<RecordedEvent>,
) -> Result<Vec<EventView>> {
    let names = accounts::names_of(db, audit::accounts_in(&rows)).await?;
    let person = |id: uuid::Uuid| Person::new(id, names.get(&id).cloned());
    let told = |row: RecordedEvent| EventView {
        id: row.id,
        at: row.at.into(),
        words: words::event(&row.event),
        event: row.event,
        actor: row.actor.map(person),
        target: row.target.map(person),
        own: row.actor == row.target,
        browser: if row.user_agent.is_empty() {
            String::new()
        } else {
            browser_in_words(&row.user_agent)
        },
        address: row.address,
        detail: words::detail(&row.detail),
        reason: row.reason,
    };
    Ok(rows.into_iter().map(told).collect())
}
