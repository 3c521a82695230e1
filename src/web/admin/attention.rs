//! What needs somebody's attention.

use sea_orm::DatabaseConnection;
use serde::Serialize;
use time::Duration;

use crate::base::error::Result;
use crate::base::keys::{OLD, Purpose};
use crate::base::store::Count;
use crate::base::timestamp::Timestamp;
use crate::base::zone::Zone;
use crate::domain::accounts::list::{Filter, List, State};
use crate::domain::accounts::{self, Account};
use crate::domain::statistics::{self, Step};
use crate::domain::{audit, sessions};
use crate::service::{Doorward, doctor};
use crate::web::admin::query::link;
use crate::web::answer::view::grouped;

/// Something to look after: what, and where.
#[derive(Serialize)]
pub(super) struct Attention {
    words: String,
    link: String,
    action: &'static str,
    /// Where a button unlocks the account that this is about.
    unlock: Option<String>,
}

/// So many failures within an hour are worth a look.
const BURST: i64 = 20;
/// And so many times what is usual.
const BURST_FACTOR: i64 = 5;
const MANY_FAILURES: i64 = 10;
/// More accounts that are locked are only counted, up to that many.
const MOST_LOCKED: u64 = 5;
const COUNTED: u64 = 1_000;
/// More alarms are not counted.
const MOST_ALARMS: u64 = 20;

/// What needs somebody's attention now.
pub(super) async fn attention(doorward: &Doorward, now: Timestamp) -> Result<Vec<Attention>> {
    let db = doorward.db.read();
    let mut found = vec![];
    let mut add = |words: String, link: String, action: &'static str| {
        found.push(Attention { words, link, action, unlock: None });
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

    for account in accounts::most_failures(db, MANY_FAILURES, MOST_LOCKED).await? {
        if account.locked_at(now).is_some() {
            continue;
        }
        add(
            format!(
                "{} failed sign-ins in a row with the name {}.",
                grouped(account.failures_since_unlock()),
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
    found.extend(locked(db, doorward.settings.web.time_zone, now).await?);
    Ok(found)
}

/// The accounts that are locked: each with a button, or how many they are.
async fn locked(db: &DatabaseConnection, zone: Zone, now: Timestamp) -> Result<Vec<Attention>> {
    let filter = Filter { state: Some(State::LockedAt(now)), ..Filter::default() };
    let list = List::of(db, &filter).await?;
    let page = list.page(db, None, MOST_LOCKED).await?;
    if page.next.is_some() {
        let words = match list.count(db, COUNTED).await? {
            Count::Exactly(all) => format!("{all} accounts are locked after failed sign-ins."),
            Count::MoreThan(most) => {
                format!("More than {most} accounts are locked after failed sign-ins.")
            }
        };
        let link = link("/admin/accounts", &[("state", "locked")]);
        return Ok(vec![Attention { words, link, action: "View accounts", unlock: None }]);
    }
    let row = |account: Account| {
        let until = zone.words(account.locked_at(now)?);
        let path = format!("/admin/accounts/{}", account.id);
        Some(Attention {
            words: format!("{} is locked until {until}.", account.username),
            unlock: Some(format!("{path}/forgive")),
            link: path,
            action: "View account",
        })
    };
    Ok(page.accounts.into_iter().filter_map(row).collect())
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
