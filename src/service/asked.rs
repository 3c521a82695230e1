//! What proxies asked about lately, as it concerns the applications of now.

use std::collections::HashMap;
use std::net::IpAddr;

use time::Duration;
use uuid::Uuid;

use crate::base::error::Result;
use crate::base::host::{Authority, Scheme};
use crate::base::timestamp::Timestamp;
use crate::domain::applications::sightings::{MOST, Problem, Sighting};
use crate::service::Doorward;

/// Problems of the last day are told.
const LATELY: Duration = Duration::days(1);

/// What was asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// When each application was last asked about.
    last: HashMap<Uuid, Timestamp>,
    /// What was wrong in the last day, and still is as far as can be told from here.
    pub problems: Vec<Sighting>,
    /// Whether so much was asked that some of it is not kept.
    is_full: bool,
}

impl Asked {
    /// What is known of it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn read(doorward: &Doorward, now: Timestamp) -> Result<Self> {
        let all = doorward.sightings.all(doorward.db.read()).await?;
        let mut asked = Self { is_full: all.len() >= MOST, ..Self::default() };
        for sighting in all {
            match (sighting.problem, sighting.application) {
                (None, Some(application)) => {
                    let last = asked.last.entry(application).or_insert(sighting.asked_at);
                    *last = sighting.asked_at.max(*last);
                }
                (Some(problem), _)
                    if now.since(sighting.asked_at) < LATELY
                        && is_so_still(doorward, problem, &sighting) =>
                {
                    asked.problems.push(sighting);
                }
                _ => {}
            }
        }
        Ok(asked)
    }

    /// When an application was last asked about.
    pub fn last(&self, application: Uuid) -> Option<Timestamp> {
        self.last.get(&application).copied()
    }

    /// Whether it is certain that nobody asked about an application since then.
    pub fn is_unasked_since(&self, application: Uuid, added_at: Timestamp) -> bool {
        !self.is_full && self.last(application).is_none_or(|at| at < added_at)
    }
}

/// Whether the settings and the applications of now would lead to it again.
fn is_so_still(doorward: &Doorward, problem: Problem, sighting: &Sighting) -> bool {
    let catalog = doorward.applications.current();
    let is_there = |id: Uuid| catalog.all().iter().any(|found| found.id == id);
    if sighting.application.is_some_and(|id| !is_there(id)) {
        return false;
    }
    match problem {
        Problem::UntrustedProxy => {
            let trusted = &doorward.settings.web.trusted_proxies;
            let peer = sighting.peer.parse::<IpAddr>().ok();
            peer.is_none_or(|peer| !trusted.iter().any(|network| network.contains(&peer)))
        }
        Problem::UnknownHost => {
            let host = Authority::parse(&sighting.host, Scheme::Https);
            host.is_none_or(|host| catalog.by_host(&host).is_none())
        }
        _ => true,
    }
}
