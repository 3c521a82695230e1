//! Sessions as staff see them.

use std::collections::HashSet;

use sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::base::error::Result;
use crate::domain::accounts;
use crate::domain::sessions::Session;
use crate::web::answer::view::SessionView;

/// A session as staff see it.
#[derive(Serialize)]
pub(in crate::web::admin) struct SessionRow {
    account: String,
    username: String,
    #[serde(flatten)]
    session: SessionView,
}

impl SessionRow {
    /// The same with the name of its owner.
    fn named(self, username: String) -> Self {
        Self { username, ..self }
    }
}

impl From<Session> for SessionRow {
    fn from(session: Session) -> Self {
        let account = session.account.to_string();
        Self { account, username: String::new(), session: session.into() }
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
