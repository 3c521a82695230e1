//! `/admin`: how the service is doing, and what needs somebody's attention.

use std::collections::BTreeMap;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use super::attention::attention;
use super::query::chosen;
use super::view::chart::Chart;
use crate::base::error::Result;
use crate::base::store::Count;
use crate::base::timestamp::Timestamp;
use crate::base::zone::Zone;
use crate::domain::accounts::list::{Filter, List, State};
use crate::domain::accounts::permissions::Permission;
use crate::domain::statistics::{self, LIVE_SESSIONS, REFRESHES, Step, THROTTLED};
use crate::domain::{accounts, sessions};
use crate::service::Doorward;
use crate::service::setup::next_steps;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::view::counted;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

pub(super) fn routes() -> Vec<Route> {
    routes![overview_page]
}

/// Spans of time to look at: what they are called, their steps, and how many.
const SPANS: [(&str, (Step, i64)); 2] = [("day", (Step::Hour, 24)), ("month", (Step::Day, 30))];

/// More accounts or sessions are not counted.
const COUNTED: u64 = 10_000;

/// The figures shown, of which the last three are about tokens and limits: the name in the table, and the title.
const FIGURES: [(&str, &str); 7] = [
    (sessions::events::LOGGED_IN.name(), "Sign-ins"),
    (accounts::events::LOGIN_FAILED.name(), "Failed sign-ins"),
    (accounts::events::REGISTERED.name(), "Registrations"),
    (LIVE_SESSIONS, "Active sessions"),
    (REFRESHES, "Token renewals"),
    (sessions::events::REFRESH_REUSE.name(), "Stolen-session alerts"),
    (THROTTLED, "Blocked attempts"),
];

#[get("/?<span>")]
async fn overview_page(
    who: Staff,
    span: Option<&str>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let mut notices = vec![];
    let span = chosen(span, &SPANS, "span of time", &mut notices).unwrap_or(SPANS[0].1);
    let live = sessions::count_live_up_to(doorward.db.read(), now.0, COUNTED).await?;
    let charts = charts(doorward, span, live, now.0).await?;
    let figures = figures(doorward, live, now.0).await?;
    let attention = attention(doorward, now.0).await?;
    let steps = match who.0.account.roles.may(Permission::Administer) {
        true => next_steps::of(doorward, now.0).await?,
        false => vec![],
    };
    let month = span == SPANS[1].1;
    Ok(page.in_section("admin").render(
        "admin/overview.html",
        context! { steps, figures, charts, attention, month, notices },
    ))
}

/// What stands on top, as of now: the words, the figure, and where it is shown in full.
async fn figures(
    doorward: &Doorward,
    live: Count,
    now: Timestamp,
) -> Result<[(&'static str, String, &'static str); 3]> {
    let db = doorward.db.read();
    let all = Filter::default();
    let accounts = List::of(db, &all).await?.count(db, COUNTED).await?;
    let locked = Filter { state: Some(State::LockedAt(now)), ..Filter::default() };
    let locked = List::of(db, &locked).await?.count(db, COUNTED).await?;
    Ok([
        ("Accounts", counted(accounts), "/admin/accounts"),
        ("Active sessions", counted(live), "/admin/sessions"),
        ("Locked accounts", counted(locked), "/admin/accounts?state=locked"),
    ])
}

async fn charts(
    doorward: &Doorward,
    (step, count): (Step, i64),
    live: Count,
    now: Timestamp,
) -> Result<Vec<Chart>> {
    let zone = doorward.settings.web.time_zone;
    let last = step.place(now);
    let first = last + 1 - count;
    let mut figures = statistics::since(doorward.db.read(), step, first).await?;
    // What was counted last is minutes old, and the page shows the number of now, too.
    if let Count::Exactly(live) = live {
        figures.entry(LIVE_SESSIONS.to_owned()).or_default().insert(last, live as i64);
    }
    let none = BTreeMap::new();
    let chart = |(name, title): (&str, &'static str)| {
        let figure = figures.get(name).unwrap_or(&none);
        let at = |place: i64| Timestamp::from_seconds(place * step.hours() * 3600);
        let label = |place: i64| match step {
            Step::Hour => zone.time_of_day(at(place)),
            // Days are counted as UTC has them, wherever the service is.
            Step::Day => Zone::UTC.day(at(place)),
        };
        let rows: Vec<(String, i64)> = (first..=last)
            .map(|place| (label(place), figure.get(&place).copied().unwrap_or(0)))
            .collect();
        let values = rows.iter().map(|(_, value)| *value);
        let total = match name {
            // A level is not added up: what it is now says most.
            LIVE_SESSIONS => figure.last_key_value().map_or(0, |(_, level)| *level),
            _ => values.sum(),
        };
        Chart::of(title, total, rows)
    };
    Ok(FIGURES.into_iter().map(chart).collect())
}
