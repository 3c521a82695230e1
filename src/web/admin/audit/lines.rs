//! Events as lines of a table: a day after the other, equal ones as one.

use sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::base::zone::Zone;
use crate::domain::audit::{self, RecordedEvent};
use crate::domain::{accounts, sessions};
use crate::service::{events, words};
use crate::web::admin::view::event::Person;
use crate::web::answer::view::browser_in_words;

/// The events of a day.
#[derive(Serialize)]
pub(super) struct Day {
    words: String,
    lines: Vec<Line>,
}

/// An event, or several that tell the same.
#[derive(Serialize)]
struct Line {
    /// When it happened, the newest first.
    times: Vec<Time>,
    event: String,
    who: Option<Person>,
    /// Who it was, where it was no account.
    nobody: &'static str,
    action: &'static str,
    about: Option<Person>,
    browser: String,
    address: String,
    detail: String,
    reason: String,
}

/// A time of day.
#[derive(Serialize)]
struct Time {
    iso: String,
    words: String,
    full: String,
}

impl Time {
    fn new(at: Timestamp, zone: Zone) -> Self {
        Self { iso: at.iso(), words: zone.time_of_day(at), full: zone.words(at) }
    }
}

/// What was done, by whom, to whom and from where: what equal events have in common.
fn sameness(row: &RecordedEvent) -> impl PartialEq + '_ {
    let who = (&row.event, row.actor, row.target);
    (who, &row.address, &row.user_agent, &row.detail, &row.reason)
}

/// The events in days, the newest first, with the names of the accounts they tell of.
pub(super) async fn days(
    db: &DatabaseConnection,
    rows: &[RecordedEvent],
    zone: Zone,
) -> Result<Vec<Day>> {
    let names = accounts::names_of(db, audit::accounts_in(rows)).await?;
    let person = |id: uuid::Uuid| Person::new(id, names.get(&id).cloned());
    let day = |row: &RecordedEvent| zone.day_and_year(row.at);
    let mut days: Vec<Day> = vec![];
    for of_day in rows.chunk_by(|one, next| day(one) == day(next)) {
        let mut lines = vec![];
        for equal in of_day.chunk_by(|one, next| sameness(one) == sameness(next)) {
            let one = &equal[0];
            let is_own = one.actor == one.target;
            lines.push(Line {
                times: equal.iter().map(|row| Time::new(row.at, zone)).collect(),
                event: one.event.clone(),
                who: one.actor.map(person),
                nobody: nobody(one),
                action: words::action(&one.event),
                about: one.target.filter(|_| !is_own).map(person),
                browser: match &*one.user_agent {
                    "" => String::new(),
                    user_agent => browser_in_words(user_agent),
                },
                address: one.address.clone(),
                detail: words::detail(&one.detail),
                reason: one.reason.clone(),
            });
        }
        days.push(Day { words: day(&of_day[0]), lines });
    }
    Ok(days)
}

/// Who did what no account did.
fn nobody(row: &RecordedEvent) -> &'static str {
    const BY_SERVER: [audit::Event; 3] =
        [events::STARTED, events::STOPPED, sessions::events::REFRESH_REUSE];
    if BY_SERVER.iter().any(|event| event.name() == row.event) {
        "Server"
    } else if row.address == audit::RequestSource::command_line().address {
        "Operator"
    } else {
        "Not signed in"
    }
}
