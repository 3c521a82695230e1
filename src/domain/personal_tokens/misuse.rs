//! What the audit log tells of tokens that are refused: of each token and
//! application at most once a minute.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::events;
use crate::base::error::Result;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::applications::sightings::TokenFault;
use crate::domain::audit::{self, Entry, RequestSource};

const BETWEEN: Duration = Duration::minutes(1);

/// A token that some account has or had.
#[derive(Clone, Debug)]
pub struct Known {
    /// The token.
    pub id: Uuid,
    /// The account.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: Box<str>,
    /// Its last four characters.
    pub hint: Box<str>,
}

/// What one server process told lately.
#[derive(Default)]
pub struct Misuses {
    told: Mutex<HashMap<(Uuid, Uuid), Timestamp>>,
}

impl Misuses {
    /// A token was refused at that application.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tell(
        &self,
        db: &Db,
        (token, fault): (&Known, TokenFault),
        (application, slug): (Uuid, &str),
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<()> {
        if !self.is_due((token.id, application), now) {
            return Ok(());
        }
        let data = json!({
            "token": token.name, "hint": token.hint, "application": slug, "cause": fault.name(),
        });
        let told = Entry::about(events::MISUSED, token.account.0, origin).with(data);
        let txn = db.begin().await?;
        audit::record(&txn, told, now).await?;
        Ok(txn.commit().await?)
    }

    fn is_due(&self, which: (Uuid, Uuid), now: Timestamp) -> bool {
        let mut told = self.told.lock().expect("no panic while the lock is held");
        let is_recent = |at: &Timestamp| now.since(*at).abs() < BETWEEN;
        if told.get(&which).is_some_and(is_recent) {
            return false;
        }
        told.retain(|_, at| is_recent(at));
        told.insert(which, now);
        true
    }
}
