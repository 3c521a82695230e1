//! What the audit log tells its owner of an account.

use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::screens::BATCH;
use crate::base::error::Result;
use crate::base::store::{Batch, Exported};
use crate::domain::{accounts, audit};
use crate::service::words;

/// The part of the audit log in the personal data export: every event about the account.
pub const OWN_EVENTS: Exported =
    Exported::Rows("events", |db, id, before| Box::pin(own_events(db, id, before)));

/// An event. Where from, only if it was the owner or a failed log-in: where
/// staff sit is their personal data.
#[derive(Serialize)]
struct OwnEvent {
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

async fn own_events(db: &impl ConnectionTrait, account: Uuid, before: i64) -> Result<Batch> {
    let rows = audit::about(db, account, before, BATCH).await?;
    let next = rows.last().map(|row| row.id);
    let events = rows.into_iter().map(|row| {
        let failed = row.actor.is_none() && row.event == accounts::events::LOGIN_FAILED.name();
        let seen = failed || row.actor == Some(account);
        OwnEvent {
            at: row.at.iso(),
            event: row.event,
            session: row.session,
            address: seen.then_some(row.address),
            user_agent: seen.then_some(row.user_agent),
            detail: words::detail(&row.detail),
            data: row.detail.into_data(),
        }
    });
    Ok(Batch { next, ..Batch::all(events)? })
}
