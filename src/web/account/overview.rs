//! What `/account` shows, kept for a moment: the page people look at most
//! then needs no query while nothing changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use serde::Serialize;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications::Found;
use crate::domain::applications::decide::Visitor;
use crate::domain::sessions::{self, Principal, SessionId};
use crate::service::Doorward;
use crate::web::answer::view::LoginView;
use crate::web::guarding::opens::open_to;
use crate::web::guarding::site::scheme_of;

/// What another instance changed is shown this much later at most; what this
/// one changed is shown at once.
const FRESH: Duration = Duration::from_secs(2);
/// While the database is away, what was read before is shown for as long as
/// signed-in people are admitted without it (5 s) and a little more.
const KEPT: Duration = Duration::from_secs(10);
const MOST: u64 = 10_000;

/// The overview of one session's account, without parts of parts: Tera takes
/// several times as long to look those up.
#[derive(Serialize)]
pub struct Overview {
    username: String,
    display_name: String,
    email: String,
    roles: Vec<String>,
    created_iso: String,
    created_ms: i64,
    password_iso: String,
    password_ms: i64,
    last_login: Option<LoginView>,
    failures: i64,
    sessions: usize,
    applications: Vec<OwnApplication>,
}

/// An application whose start page the person may open.
#[derive(Serialize)]
struct OwnApplication {
    name: String,
    start: String,
}

/// The overviews shown lately.
pub struct Overviews(Cache<SessionId, Known>);

#[derive(Clone)]
struct Known {
    version: u64,
    read_at: Instant,
    overview: Arc<Overview>,
}

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
    pub async fn of(
        &self,
        doorward: &Doorward,
        who: &Principal,
        now: Timestamp,
    ) -> Result<Arc<Overview>> {
        let db = &doorward.db;
        // Before the queries: a change in between is then noticed the next time.
        let version = db.version(who.account.0);
        let known = self.0.get(&who.session).filter(|known| known.version == version);
        if let Some(known) = &known
            && known.read_at.elapsed() < FRESH
        {
            return Ok(Arc::clone(&known.overview));
        }
        match (Box::pin(read(doorward, who, now)).await, known) {
            (Ok(overview), _) => {
                let overview = Arc::new(overview);
                let (read_at, kept) = (Instant::now(), Arc::clone(&overview));
                self.0.insert(who.session, Known { version, read_at, overview: kept });
                Ok(overview)
            }
            (Err(error), Some(known)) if error.is_outage() => Ok(known.overview),
            (Err(error), _) => Err(error),
        }
    }
}

async fn read(doorward: &Doorward, who: &Principal, now: Timestamp) -> Result<Overview> {
    let db = &doorward.db;
    let account = accounts::by_id(db.read(), who.account).await?;
    let this = sessions::by_id(db.read(), who.session).await?;
    let live = sessions::live_of(db.read(), who.account, now).await?;
    let (created, password) = (account.created_at, account.password_changed_at);
    let applications = own_applications(doorward, &account.roles, now);
    Ok(Overview {
        applications,
        roles: account.roles.names().map(str::to_owned).collect(),
        username: account.username,
        display_name: account.display_name,
        email: account.email,
        created_iso: created.iso(),
        created_ms: created.0,
        password_iso: password.iso(),
        password_ms: password.0,
        last_login: this.previous_login.map(LoginView::from),
        failures: this.failures_before + account.failed_logins,
        sessions: live.len(),
    })
}

/// Those that this person can open, with where they begin.
fn own_applications(doorward: &Doorward, roles: &Roles, now: Timestamp) -> Vec<OwnApplication> {
    let own = open_to(doorward, Visitor { roles, confirmed_at: Some(now) }, now);
    let begins = |found: &Arc<Found>| {
        let start = found.application.start(|host| scheme_of(doorward, host))?;
        Some(OwnApplication { name: found.application.name.clone(), start })
    };
    own.iter().filter_map(begins).collect()
}
