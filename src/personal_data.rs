//! Everything kept about one person, as they may have it (GDPR, article 15).

use sea_orm::ConnectionTrait;
use serde::Serialize;

use crate::accounts::Account;
use crate::audit;
use crate::error::Result;
use crate::sessions;

/// The account, its sessions, and what the audit log tells of it. Of the
/// password only when it was set.
#[derive(Serialize)]
pub struct PersonalData {
    id: String,
    username: String,
    email: String,
    roles: Vec<String>,
    created_at: String,
    password_changed_at: String,
    failed_logins: i64,
    last_login_at: Option<String>,
    sessions: Vec<SessionData>,
    events: Vec<EventData>,
}

#[derive(Serialize)]
struct SessionData {
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

#[derive(Serialize)]
struct EventData {
    at: String,
    event: String,
    session: String,
    address: String,
    user_agent: String,
    detail: String,
}

/// Everything kept about the owner of `account`; of the log the newest ten thousand events.
///
/// # Errors
/// The database failed.
pub async fn of(db: &impl ConnectionTrait, account: &Account) -> Result<PersonalData> {
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
    let sessions = sessions.collect();
    let events = audit::about(db, account.id.0, 10_000).await?.into_iter().map(|row| EventData {
        at: row.at.iso(),
        event: row.event,
        session: row.session,
        address: row.address,
        user_agent: row.user_agent,
        detail: row.detail,
    });
    Ok(PersonalData {
        id: account.id.to_string(),
        username: account.username.clone(),
        email: account.email.clone(),
        roles: account.roles.names().map(str::to_owned).collect(),
        created_at: account.created_at.iso(),
        password_changed_at: account.password_changed_at.iso(),
        failed_logins: account.failed_logins,
        last_login_at: account.last_login.as_ref().map(|login| login.at.iso()),
        sessions,
        events: events.collect(),
    })
}
