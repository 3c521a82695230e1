//! What accounts were called at the time of an event. The log has ids, so that
//! it names nobody whose account is deleted; the names come from the accounts,
//! and those they had before from the events that changed them.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::screens::BATCH;
use crate::base::error::Result;
use crate::domain::audit::{self, Detail, Filter, RecordedEvent};
use crate::domain::{accounts, administration};

/// Names as of events, as far as the log was read.
#[derive(Default)]
pub(super) struct Names {
    now: HashMap<Uuid, String>,
    /// The events that renamed an account, in order, with the name before.
    renamed: HashMap<Uuid, Vec<(i64, String)>>,
    read_up_to: i64,
}

impl Names {
    /// Reads what is needed for these events.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn read(
        &mut self,
        db: &impl ConnectionTrait,
        rows: &[RecordedEvent],
    ) -> Result<()> {
        // Before the renames: one that comes in between is then among them.
        self.now = accounts::names_of(db, audit::accounts_in(rows)).await?;
        let event = Some(administration::events::ACCOUNT_EDITED);
        let filter = Filter { event, ..Filter::default() };
        loop {
            let edits = audit::newer(db, &filter, self.read_up_to, BATCH).await?;
            let Some(newest) = edits.first() else { return Ok(()) };
            self.read_up_to = newest.id;
            for edit in edits.into_iter().rev() {
                if let (Some(id), Some(name)) = (edit.target, name_before(edit.detail)) {
                    self.renamed.entry(id).or_default().push((edit.id, name));
                }
            }
        }
    }

    /// The name of an account when that event was recorded; none of a deleted one.
    pub(super) fn of(&self, account: Uuid, event: i64) -> Option<&str> {
        let now = self.now.get(&account)?;
        let renamed = self.renamed.get(&account).map_or(&[][..], Vec::as_slice);
        let later = renamed.partition_point(|(rename, _)| *rename < event);
        Some(renamed.get(later).map_or(now, |(_, before)| before))
    }
}

fn name_before(edit: Detail) -> Option<String> {
    let data = edit.into_data()?;
    Some(data.get("before")?.get("username")?.as_str()?.to_owned())
}
