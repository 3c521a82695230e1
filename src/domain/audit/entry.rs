//! Writing into the log.

use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::event::Event;
use super::table;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSource {
    /// The client's address, after trusted proxies; `command line` for the operator.
    pub address: String,
    /// What the browser says it is, cut to 200 characters.
    pub user_agent: String,
    /// Names the request in the log; empty where there was none. Not stored.
    pub request_id: String,
}

impl RequestSource {
    /// The operator, at the command line of this machine.
    pub fn command_line() -> Self {
        Self { address: "command line".to_owned(), ..Self::default() }
    }
}

/// One thing to tell.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What happened.
    pub event: Event,
    /// Who did it, if known.
    pub actor: Option<Uuid>,
    /// The account it was done to.
    pub target: Option<Uuid>,
    /// The session it belongs to; stored as a short hash.
    pub session: Option<Uuid>,
    /// Where the request came from.
    pub origin: &'a RequestSource,
    /// More: an object with named fields, or null. Never a secret, never a typed
    /// name, and no words: those are in `service::words`.
    pub data: Value,
    /// Why, in the words of who did it.
    pub reason: &'a str,
}

impl<'a> Entry<'a> {
    /// `event`, done by the owner of `account` to it.
    pub fn by_owner(event: Event, account: Uuid, origin: &'a RequestSource) -> Self {
        Self { actor: Some(account), ..Self::about(event, account, origin) }
    }

    /// `event`, done to `account` by nobody who is signed in.
    pub fn about(event: Event, account: Uuid, origin: &'a RequestSource) -> Self {
        Self { target: Some(account), ..Self::of_service(event, origin) }
    }

    /// The same with its session.
    pub fn in_session(self, sid: Uuid) -> Self {
        Self { session: Some(sid), ..self }
    }

    /// `event`, of no account: done by the service or the operator.
    pub fn of_service(event: Event, origin: &'a RequestSource) -> Self {
        let (actor, target, session, data) = (None, None, None, Value::Null);
        Self { event, actor, target, session, origin, data, reason: "" }
    }

    /// The same with more data, `()` for none.
    pub fn with(self, data: impl Into<Value>) -> Self {
        Self { data: data.into(), ..self }
    }
}

/// The first eight hexadecimal digits of the SHA-256 of a session's id: enough
/// to follow a session through the log, of no use to enter it.
pub fn session_reference(sid: Uuid) -> String {
    Sha256::digest(sid.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes `entry` into the log, within the caller's transaction. Returns its number.
///
/// # Errors
/// The database failed; the caller's change must then not be done either.
pub async fn record(db: &impl ConnectionTrait, entry: Entry<'_>, now: Timestamp) -> Result<i64> {
    let session = entry.session.map(session_reference).unwrap_or_default();
    let detail = if entry.data.is_null() { String::new() } else { entry.data.to_string() };
    tracing::info!(
        id = entry.origin.request_id,
        event = entry.event.name(),
        actor = entry.actor.map(tracing::field::display),
        target = entry.target.map(tracing::field::display),
        session,
        address = entry.origin.address,
        detail,
        reason = entry.reason,
        "audit"
    );
    metrics::counter!("doorward_events_total", "event" => entry.event.name()).increment(1);
    let row = table::ActiveModel {
        at: Set(now),
        event: Set(entry.event.name().to_owned()),
        actor: Set(entry.actor),
        target: Set(entry.target),
        session: Set(session),
        address: Set(entry.origin.address.clone()),
        user_agent: Set(entry.origin.user_agent.clone()),
        detail: Set(detail),
        reason: Set(entry.reason.to_owned()),
        ..Default::default()
    };
    Ok(table::Entity::insert(row).exec(db).await?.last_insert_id)
}
