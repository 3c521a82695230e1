//! `/admin`: how the service is doing, and what needs somebody's attention.

use std::collections::BTreeMap;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use time::Duration;

use super::query::{chosen, link};
use super::view::chart::{Chart, grouped};
use crate::base::error::Result;
use crate::base::keys::{OLD, Purpose};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Permission;
use crate::domain::statistics::{self, LIVE_SESSIONS, REFRESHES, Step, THROTTLED};
use crate::domain::{accounts, audit, sessions};
use crate::service::setup::next_steps;
use crate::service::{Doorward, doctor};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

pub(super) fn routes() -> Vec<Route> {
    routes![overview_page]
}

/// Spans of time to look at: what they are called, their steps, and how many.
const SPANS: [(&str, (Step, i64)); 2] = [("day", (Step::Hour, 24)), ("month", (Step::Day, 30))];

/// The figures shown: the name in the table, and the title.
const FIGURES: [(&str, &str); 7] = [
    (sessions::events::LOGGED_IN.name(), "Sign-ins"),
    (accounts::events::LOGIN_FAILED.name(), "Failed sign-ins"),
    (accounts::events::REGISTERED.name(), "Registrations"),
    (LIVE_SESSIONS, "Active sessions"),
    (REFRESHES, "Token renewals"),
    (sessions::events::REFRESH_REUSE.name(), "Stolen-session alerts"),
    (THROTTLED, "Blocked attempts"),
];

/// Something to look after: what, and where.
#[derive(Serialize)]
struct Attention {
    words: String,
    link: String,
    action: &'static str,
}

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
    let charts = charts(doorward, span, now.0).await?;
    let attention = attention(doorward, now.0).await?;
    let steps = match who.0.account.roles.may(Permission::Administer) {
        true => next_steps::of(doorward, now.0).await?,
        false => vec![],
    };
    let month = span == SPANS[1].1;
    Ok(page
        .in_section("admin")
        .render("admin/overview.html", context! { steps, charts, attention, month, notices }))
}

async fn charts(
    doorward: &Doorward,
    (step, count): (Step, i64),
    now: Timestamp,
) -> Result<Vec<Chart>> {
    let last = step.place(now);
    let first = last + 1 - count;
    let figures = statistics::since(doorward.db.read(), step, first).await?;
    let none = BTreeMap::new();
    let chart = |(name, title): (&str, &'static str)| {
        let figure = figures.get(name).unwrap_or(&none);
        let at = |place: i64| Timestamp::from_seconds(place * step.hours() * 3600);
        let label = |place: i64| match step {
            Step::Hour => at(place).time_of_day(),
            Step::Day => at(place).day(),
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

/// So many failures within an hour are worth a look.
const BURST: i64 = 20;
/// And so many times what is usual.
const BURST_FACTOR: i64 = 5;
const MANY_FAILURES: i64 = 10;
/// More alarms are not counted.
const MOST_ALARMS: u64 = 20;

async fn attention(doorward: &Doorward, now: Timestamp) -> Result<Vec<Attention>> {
    let db = doorward.db.read();
    let mut found = vec![];
    let mut add = |words: String, link: String, action: &'static str| {
        found.push(Attention { words, link, action });
    };

    let alarms =
        audit::newest(db, sessions::events::REFRESH_REUSE, now - Duration::days(7), MOST_ALARMS)
            .await?;
    if !alarms.is_empty() {
        add(
            format!(
                "Stolen sessions detected and ended in the last 7 days: {}.",
                at_most(alarms.len() as u64)
            ),
            link("/admin/audit", &[("event", sessions::events::REFRESH_REUSE.name())]),
            "View events",
        );
    }

    // Two hours, compared with as much of the seven days before today.
    let (hour, today) = (Step::Hour.place(now), Step::Day.place(now));
    let lately = failures(db, Step::Hour, hour - 1..=hour).await?;
    let usual = failures(db, Step::Day, today - 7..=today - 1).await? / (7 * 12);
    if lately >= BURST && lately >= BURST_FACTOR * usual {
        add(
            format!(
                "{} failed sign-ins in the last 2 hours (usually {}).",
                grouped(lately),
                grouped(usual)
            ),
            link("/admin/audit", &[("event", accounts::events::LOGIN_FAILED.name())]),
            "View events",
        );
    }

    for account in accounts::most_failures(db, MANY_FAILURES, 5).await? {
        add(
            format!(
                "{} failed sign-ins in a row with the name {}.",
                grouped(account.failed_logins),
                account.username
            ),
            format!("/admin/accounts/{}", account.id),
            "View account",
        );
    }

    let ring = doorward.keys.ring();
    for purpose in Purpose::needed() {
        let age = now.since(ring.signing(purpose).created_at);
        if age > OLD {
            add(
                format!(
                    "The {} key is {} days old. Rotate it: doorward keys rotate {}.",
                    purpose.name(),
                    age.whole_days(),
                    purpose.name()
                ),
                String::new(),
                "",
            );
        }
    }

    if let Some(address) = doctor::shared_address(db, now).await? {
        add(
            format!(
                "All clients seem to share the address {address}. If a proxy stands in front, name it in the setting trusted_proxies."
            ),
            "/admin/doctor".to_owned(),
            "View system check",
        );
    }
    Ok(found)
}

/// How many log-ins failed in those steps.
async fn failures(
    db: &DatabaseConnection,
    step: Step,
    places: std::ops::RangeInclusive<i64>,
) -> Result<i64> {
    let figures = statistics::since(db, step, *places.start()).await?;
    let failures = figures.get(accounts::events::LOGIN_FAILED.name());
    Ok(failures.map_or(0, |counts| counts.range(places).map(|(_, count)| count).sum()))
}

fn at_most(count: u64) -> String {
    if count < MOST_ALARMS { count.to_string() } else { format!("{MOST_ALARMS} or more") }
}
