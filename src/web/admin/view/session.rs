//! Sessions as staff see them.

use std::collections::HashSet;

use sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::base::error::Result;
use crate::domain::accounts;
use crate::domain::sessions::{Audience, Session};
use crate::web::answer::view::Moment;
use crate::web::request::user_agent::describe_user_agent;

/// A session as staff see it.
#[derive(Serialize)]
pub(in crate::web::admin) struct SessionRow {
    sid: String,
    account: String,
    username: String,
    script: bool,
    browser: String,
    address: String,
    started_at: Moment,
    last_active_at: Moment,
    remember: bool,
}

impl SessionRow {
    /// The same with the name of its owner.
    pub(in crate::web::admin) fn named(self, username: String) -> Self {
        Self { username, ..self }
    }
}

impl From<Session> for SessionRow {
    fn from(session: Session) -> Self {
        let client = describe_user_agent(&session.origin.user_agent);
        Self {
            sid: session.sid.to_string(),
            account: session.account.to_string(),
            username: String::new(),
            script: session.client == Audience::Api,
            browser: format!("{} on {}", client.browser, client.system),
            address: session.origin.address,
            started_at: session.created_at.into(),
            last_active_at: session.last_seen_at.into(),
            remember: session.remember,
        }
    }
}

/// The sessions with the names of their owners.
pub(in crate::web::admin) async fn named_rows(
    db: &DatabaseConnection,
    found: Vec<Session>,
) -> Result<Vec<SessionRow>> {
    let owners: HashSet<_> = found.iter().map(|session| session.account.0).collect();
    let names = accounts::names_of(db, owners).await?;
    let named = |session: Session| {
        let username = names.get(&session.account.0).cloned().unwrap_or_default();
        SessionRow::from(session).named(username)
    };
    Ok(found.into_iter().map(named).collect())
}
