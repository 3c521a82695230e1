//! Personal data export (GDPR, article 15), in parts, because the log of an account has no end.

use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::domain::accounts::{self, Account};
use crate::domain::audit::{self, Detail};
use crate::domain::sessions;

/// The account. Of the password only when it was set.
#[derive(Serialize)]
pub struct AccountData {
    id: String,
    username: String,
    email: String,
    roles: Vec<String>,
    created_at: String,
    password_changed_at: String,
    failed_logins: i64,
    last_login_at: Option<String>,
}

impl From<&Account> for AccountData {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            username: account.username.clone(),
            email: account.email.clone(),
            roles: account.roles.names().map(str::to_owned).collect(),
            created_at: account.created_at.iso(),
            password_changed_at: account.password_changed_at.iso(),
            failed_logins: account.failed_logins,
            last_login_at: account.last_login.as_ref().map(|login| login.at.iso()),
        }
    }
}

/// A session.
#[derive(Serialize)]
pub struct SessionData {
    id: String,
    client: String,
    started_at: String,
    last_seen_at: String,
    address: String,
    user_agent: String,
    remember: bool,
    ended_at: Option<String>,
    end_reason: Option<String>,
}

/// What the audit log tells. Where from, only if it was the owner or a failed
/// log-in: where staff sit is their personal data.
#[derive(Serialize)]
pub struct EventData {
    at: String,
    event: String,
    session: String,
    address: Option<String>,
    user_agent: Option<String>,
    /// More, in words.
    detail: String,
    /// The same as it was recorded; events of earlier versions have only the words.
    data: Option<Map<String, Value>>,
}

/// The sessions of an account, live ones and those that ended lately.
///
/// # Errors
/// The database failed.
pub async fn sessions(db: &impl ConnectionTrait, account: &Account) -> Result<Vec<SessionData>> {
    let sessions = sessions::all_of(db, account.id).await?.into_iter().map(|session| SessionData {
        id: audit::session_reference(session.sid.0),
        client: sea_orm::ActiveEnum::to_value(&session.client),
        started_at: session.created_at.iso(),
        last_seen_at: session.last_seen_at.iso(),
        address: session.origin.address,
        user_agent: session.origin.user_agent,
        remember: session.remember,
        ended_at: session.ended.map(|(at, _)| at.iso()),
        end_reason: session.ended.map(|(_, reason)| reason.name()),
    });
    Ok(sessions.collect())
}

/// Up to `limit` events about an account from before the event `before`, newest
/// first, and the number of the last one. `in_words` gives the detail in words.
///
/// # Errors
/// The database failed.
pub async fn events(
    db: &impl ConnectionTrait,
    account: &Account,
    before: i64,
    limit: u64,
    in_words: impl Fn(&Detail) -> String,
) -> Result<(Vec<EventData>, Option<i64>)> {
    let rows = audit::about(db, account.id.0, before, limit).await?;
    let last = rows.last().map(|row| row.id);
    let event = |row: audit::RecordedEvent| {
        let failed = row.actor.is_none() && row.event == accounts::events::LOGIN_FAILED.name();
        let seen = failed || row.actor == Some(account.id.0);
        EventData {
            at: row.at.iso(),
            event: row.event,
            session: row.session,
            address: seen.then_some(row.address),
            user_agent: seen.then_some(row.user_agent),
            detail: in_words(&row.detail),
            data: row.detail.into_data(),
        }
    };
    Ok((rows.into_iter().map(event).collect(), last))
}
