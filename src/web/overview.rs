//! What `/account` shows, kept for a moment: the page people look at most
//! then needs no query while nothing changes.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use serde::Serialize;

use super::view::{LoginView, Moment};
use crate::accounts;
use crate::db::Db;
use crate::error::Result;
use crate::sessions::{self, Principal, SessionId};
use crate::timestamp::Timestamp;

/// What another instance changed is shown this much later at most; what this
/// one changed is shown at once.
const KEPT: Duration = Duration::from_secs(2);
const MOST: u64 = 10_000;

/// The overview of one session's account.
#[derive(Serialize)]
pub struct Overview {
    account: AccountView,
    last_login: Option<LoginView>,
    failures: i64,
    sessions: usize,
}

#[derive(Serialize)]
struct AccountView {
    username: String,
    email: String,
    roles: Vec<String>,
    created_at: Moment,
    password_changed_at: Moment,
}

/// The overviews shown lately.
pub struct Overviews(Cache<SessionId, (u64, Arc<Overview>)>);

impl Default for Overviews {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(KEPT).build())
    }
}

impl Overviews {
    /// The overview for somebody signed in.
    ///
    /// # Errors
    /// The account or the session is gone; the database failed.
    pub async fn of(&self, db: &Db, who: &Principal, now: Timestamp) -> Result<Arc<Overview>> {
        // Before the queries: a change in between is then noticed the next time.
        let version = db.version(who.account.0);
        if let Some((known, overview)) = self.0.get(&who.session)
            && known == version
        {
            return Ok(overview);
        }
        let overview = Arc::new(Box::pin(read(db, who, now)).await?);
        self.0.insert(who.session, (version, Arc::clone(&overview)));
        Ok(overview)
    }
}

async fn read(db: &Db, who: &Principal, now: Timestamp) -> Result<Overview> {
    let account = accounts::by_id(db.read(), who.account).await?;
    let this = sessions::by_id(db.read(), who.session).await?;
    let live = sessions::live_of(db.read(), who.account, now).await?;
    Ok(Overview {
        account: AccountView {
            roles: account.roles.names().map(str::to_owned).collect(),
            username: account.username,
            email: account.email,
            created_at: account.created_at.into(),
            password_changed_at: account.password_changed_at.into(),
        },
        last_login: this.previous_login.map(LoginView::from),
        failures: this.failures_before + account.failed_logins,
        sessions: live.len(),
    })
}
