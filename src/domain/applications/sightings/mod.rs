//! What this server process saw of the requests that proxies asked about, for
//! those who wonder why somebody was not let through.

mod cause;
mod recent;
mod token_fault;

use std::sync::Mutex;

use time::Duration;
use uuid::Uuid;

pub use self::cause::Cause;
use self::recent::Recent;
pub use self::recent::{Refused, shortened};
pub use self::token_fault::TokenFault;
use crate::base::timestamp::Timestamp;

/// What was seen.
#[derive(Debug, Default)]
pub struct Sightings {
    recent: Recent,
    told_of_untrusted_at: Mutex<Option<Timestamp>>,
}

impl Sightings {
    /// A request to an application was refused.
    pub fn note_refused(&self, application: Uuid, refused: Refused) {
        self.recent.push(application, refused);
    }

    /// The last requests to an application that were refused by this process, newest first.
    pub fn recent(&self, application: Uuid) -> Vec<Refused> {
        self.recent.of(application)
    }

    /// Whether it is time to tell again of a proxy that is not trusted: once a
    /// minute, as it asks about every request.
    pub fn tells_of_untrusted(&self, now: Timestamp) -> bool {
        let mut told = self.told_of_untrusted_at.lock().expect("no panic while the lock is held");
        let is_due = told.is_none_or(|at| now.since(at).abs() >= Duration::MINUTE);
        if is_due {
            *told = Some(now);
        }
        is_due
    }
}
