//! Taking data out, of which the log tells.

use serde_json::json;

use super::events;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Permission;
use crate::domain::sessions::{Actor, Sessions};

/// Records that the list of that name was exported.
///
/// # Errors
/// [`crate::base::error::Error::Denied`]; the database failed.
pub async fn note_export(
    sessions: &Sessions,
    list: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::ReadAudit), &[], now).await?;
    act.tell(events::EXPORTED, None, json!({ "list": list })).await?;
    act.commit().await
}
