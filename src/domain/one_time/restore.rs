//! What a backup that was brought back means for tokens and sessions.

use super::token::void_all;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::sessions::{Actor, Sessions};

/// An older copy of the database was brought back: which of its one-time tokens
/// were used since, and which of its sessions have ended, nobody knows any more.
/// All are over. Returns how many sessions ended.
///
/// # Errors
/// The database failed; what is over so far stays so.
pub async fn end_after_restore(
    sessions: &Sessions,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<u64> {
    void_all(sessions.db.write(), now).await?;
    sessions.end_after_restore(actor, now).await
}
