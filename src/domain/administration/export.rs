//! Taking data out, of which the log tells.

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Permission;
use crate::domain::audit::Event;
use crate::domain::sessions::{Actor, Sessions};

/// Records that data was exported.
///
/// # Errors
/// [`crate::base::error::Error::Denied`]; the database failed.
pub async fn note_export(
    sessions: &Sessions,
    what: &str,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::ReadAudit), &[], now).await?;
    act.tell(Event::Exported, None, what).await?;
    act.commit().await
}
