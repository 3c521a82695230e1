//! `/admin/audit`: what happened, who first.

pub(super) mod export;

mod lines;
mod query;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;
use sea_orm::DatabaseConnection;

use self::query::AuditQuery;
use crate::base::error::Result;
use crate::domain::audit::{self, Filter, RecordedEvent};
use crate::service::{events, words};
use crate::web::admin::query::{SCREEN, cursor, typed};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::AuditReader;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![audit_page]
}

/// A part of the log, the newest event first, and whether there is more on its sides.
struct Screen {
    rows: Vec<RecordedEvent>,
    is_newer: bool,
    is_older: bool,
}

async fn screen(
    db: &DatabaseConnection,
    filter: &Filter,
    (before, after): (Option<i64>, Option<i64>),
) -> Result<Screen> {
    const MOST: usize = SCREEN as usize;
    if let Some(after) = after {
        let mut rows = audit::newer(db, filter, after, SCREEN + 1).await?;
        if rows.len() > MOST {
            rows.remove(0);
            return Ok(Screen { rows, is_newer: true, is_older: true });
        }
        // The first page, also where it is longer than what is newer.
    }
    let before = before.filter(|_| after.is_none());
    let mut rows = audit::list(db, filter, before.unwrap_or(i64::MAX), SCREEN + 1).await?;
    let is_older = rows.len() > MOST;
    rows.truncate(MOST);
    Ok(Screen { rows, is_newer: before.is_some(), is_older })
}

#[get("/audit?<before>&<after>&<query..>")]
async fn audit_page(
    _who: AuditReader,
    before: Option<&str>,
    after: Option<&str>,
    query: AuditQuery<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let (db, zone) = (doorward.db.read(), doorward.settings.web.time_zone);
    let mut notices = vec![];
    let mut place = |given| cursor(given, |text| text.parse::<i64>().ok(), &mut notices);
    let place = (place(before), place(after));
    let found = match query.filter(db, zone, &mut notices).await? {
        Some(filter) => screen(db, &filter, place).await?,
        None => Screen { rows: vec![], is_newer: false, is_older: false },
    };
    let Screen { rows, is_newer, is_older } = &found;
    let there = |name, row: Option<&RecordedEvent>, is_more: &bool| {
        let row = row.filter(|_| *is_more)?;
        Some(query.link("/admin/audit", (name, &row.id.to_string())))
    };
    let range = match (rows.first(), rows.last()) {
        (Some(newest), Some(oldest)) => {
            format!("{} to {}", zone.words(oldest.at), zone.words(newest.at))
        }
        _ => String::new(),
    };
    let pages = context! {
        first: is_newer.then(|| query.link("/admin/audit", ("", ""))),
        previous: there("after", rows.first(), is_newer),
        next: there("before", rows.last(), is_older),
        range,
    };
    let events: Vec<(&str, &str)> =
        events::all().map(|event| (event.name(), words::event(event.name()))).collect();
    Ok(page.in_section("admin/audit").render(
        "admin/audit.html",
        context! {
            days: lines::days(db, rows, zone).await?,
            events,
            notices,
            pages,
            chips: query.chips(),
            ranges: query.ranges(zone, now.0),
            first: !is_newer,
            csv: query.link("/admin/audit.csv", ("", "")),
            jsonl: query.link("/admin/audit.jsonl", ("", "")),
            event: typed(query.event),
            account: typed(query.account),
            by: typed(query.by),
            about: typed(query.about),
            address: typed(query.address),
            from: typed(query.from),
            until: typed(query.until),
        },
    ))
}
