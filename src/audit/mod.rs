//! The audit log: what happened, to whom, from where. Rows are written in the
//! transaction of the deed they tell of, so that neither exists without the other.

mod entity;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::entity::Model as Row;
use crate::error::Result;
use crate::timestamp::Timestamp;

/// What can be told. The text form is fixed: other programs search for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session was started with the right password.
    LoggedIn,
    /// A wrong password for an account that exists.
    LoginFailed,
    /// A person ended the session themselves.
    LoggedOut,
    /// The password was given again for a sensitive act.
    Confirmed,
    /// A refresh token came back after its successor was in use: a copy exists.
    RefreshReuse,
    /// A refresh token newer than the database.
    DatabaseRestored,
    /// One session or all of an account's were ended by their owner.
    SessionEnded,
    /// Sessions were ended by somebody else.
    SessionEndedByStaff,
    /// One access token was revoked.
    TokenRevoked,
    /// An account was opened.
    Registered,
    /// The first administrator was made.
    SetUp,
    /// A password was changed by its owner.
    PasswordChanged,
    /// A password was set through a recovery link or the command line.
    PasswordReset,
    /// A recovery link was made.
    RecoveryStarted,
    /// Roles were changed.
    RolesChanged,
    /// An account was switched off.
    AccountDisabled,
    /// An account was switched on again.
    AccountEnabled,
    /// An account and all that was kept about it was deleted.
    AccountDeleted,
    /// A key was added and signs from now on.
    KeyRotated,
    /// A key is not believed any more.
    KeyRevoked,
}

impl Event {
    /// The name in the table and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoggedIn => "auth.login.ok",
            Self::LoginFailed => "auth.login.fail",
            Self::LoggedOut => "auth.logout",
            Self::Confirmed => "auth.reauth",
            Self::RefreshReuse => "refresh.reuse",
            Self::DatabaseRestored => "refresh.restored",
            Self::SessionEnded => "session.revoked",
            Self::SessionEndedByStaff => "admin.session.revoke",
            Self::TokenRevoked => "token.revoked",
            Self::Registered => "user.registered",
            Self::SetUp => "bootstrap.used",
            Self::PasswordChanged => "password.changed",
            Self::PasswordReset => "password.reset.done",
            Self::RecoveryStarted => "password.reset.requested",
            Self::RolesChanged => "role.changed",
            Self::AccountDisabled => "user.disabled",
            Self::AccountEnabled => "user.enabled",
            Self::AccountDeleted => "user.deleted",
            Self::KeyRotated => "key.rotated",
            Self::KeyRevoked => "key.revoked",
        }
    }
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, after trusted proxies; `command line` for the operator.
    pub address: String,
    /// What the browser says it is, cut to 200 characters.
    pub user_agent: String,
    /// Names the request in the log; empty where there was none. Not stored.
    pub request_id: String,
}

impl Origin {
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
    pub origin: &'a Origin,
    /// More, in words. Never a secret and never a typed name.
    pub detail: String,
}

impl<'a> Entry<'a> {
    /// `event`, done by the owner of `account` to it.
    pub fn by_owner(event: Event, account: Uuid, origin: &'a Origin) -> Self {
        Self {
            event,
            actor: Some(account),
            target: Some(account),
            session: None,
            origin,
            detail: String::new(),
        }
    }

    /// `event`, done to `account` by nobody who is signed in.
    pub fn about(event: Event, account: Uuid, origin: &'a Origin) -> Self {
        Self { actor: None, ..Self::by_owner(event, account, origin) }
    }

    /// The same with its session.
    pub fn in_session(self, sid: Uuid) -> Self {
        Self { session: Some(sid), ..self }
    }

    /// The same with more words.
    pub fn with(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// The first eight hexadecimal digits of the SHA-256 of a session's id: enough
/// to follow a session through the log, of no use to enter it.
pub fn session_reference(sid: Uuid) -> String {
    Sha256::digest(sid.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes `entry` into the log, within the caller's transaction.
///
/// # Errors
/// The database failed; the caller's deed must then not be done either.
pub async fn record(db: &impl ConnectionTrait, entry: Entry<'_>, now: Timestamp) -> Result<()> {
    let session = entry.session.map(session_reference).unwrap_or_default();
    tracing::info!(
        id = entry.origin.request_id,
        event = entry.event.name(),
        actor = entry.actor.map(tracing::field::display),
        target = entry.target.map(tracing::field::display),
        session,
        address = entry.origin.address,
        detail = entry.detail,
        "audit"
    );
    let row = entity::ActiveModel {
        at: Set(now),
        event: Set(entry.event.name().to_owned()),
        actor: Set(entry.actor),
        target: Set(entry.target),
        session: Set(session),
        address: Set(entry.origin.address.clone()),
        user_agent: Set(entry.origin.user_agent.clone()),
        detail: Set(entry.detail),
        ..Default::default()
    };
    entity::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The newest events about an account, newest first.
///
/// # Errors
/// The database failed.
pub async fn about(db: &impl ConnectionTrait, account: Uuid, limit: u64) -> Result<Vec<Row>> {
    let about = entity::Entity::find().filter(entity::Column::Target.eq(account));
    Ok(about.order_by_desc(entity::Column::Id).limit(limit).all(db).await?)
}
