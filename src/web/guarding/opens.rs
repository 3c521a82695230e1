//! Which applications somebody may open, for pages that offer them.

use std::sync::Arc;

use crate::base::host::{Authority, Scheme};
use crate::base::timestamp::Timestamp;
use crate::domain::applications::decide::{Verdict, Visitor, decide};
use crate::domain::applications::question::Question;
use crate::domain::applications::{Application, Found};
use crate::service::Doorward;

/// The applications that are listed for people, and whose start page the check would open to
/// this visitor: of others, nobody is told that they exist.
pub fn open_to(doorward: &Doorward, visitor: Visitor<'_>, now: Timestamp) -> Vec<Arc<Found>> {
    let catalog = doorward.applications.current();
    let is_offered =
        |found: &&Arc<Found>| found.application.listed && opens(&found.application, visitor, now);
    catalog.all().iter().filter(is_offered).cloned().collect()
}

fn opens(application: &Application, visitor: Visitor<'_>, now: Timestamp) -> bool {
    // Where it is reached decides nothing.
    let host = Authority::parse("localhost", Scheme::Https).expect("a host");
    let question = Question::of_navigation((Scheme::Https, host), "/".to_owned(), None);
    decide(application, &question, Some(visitor), now).verdict == Verdict::Allow
}
