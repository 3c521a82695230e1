//! `/admin/audit`: what happened, in plain sentences.

pub(super) mod export;

mod query;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use self::query::AuditQuery;
use crate::base::error::Result;
use crate::domain::audit::{self, RecordedEvent};
use crate::service::{events, words};
use crate::web::admin::query::{SCREEN, cursor, typed};
use crate::web::admin::view::event::event_views;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::service::Service;
use crate::web::request::staff_guards::AuditReader;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![audit_page]
}

#[get("/audit?<before>&<query..>")]
async fn audit_page(
    _who: AuditReader,
    before: Option<&str>,
    query: AuditQuery<'_>,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let mut notices = vec![];
    let before = cursor(before, |text| text.parse::<i64>().ok(), &mut notices);
    let rows = match query.filter(db, &mut notices).await? {
        Some(filter) => audit::list(db, &filter, before.unwrap_or(i64::MAX), SCREEN + 1).await?,
        None => vec![],
    };
    let more = rows.len() as u64 > SCREEN;
    let rows: Vec<RecordedEvent> = rows.into_iter().take(SCREEN as usize).collect();
    let last = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let events: Vec<(&str, &str)> =
        events::all().map(|event| (event.name(), words::event(event.name()))).collect();
    let story = event_views(db, rows).await?;
    Ok(page.in_section("admin/audit").render(
        "admin/audit.html",
        context! {
            story,
            events,
            notices,
            first: before.is_none(),
            next_page: last.map(|last| query.link("/admin/audit", &last)),
            csv: query.link("/admin/audit.csv", ""),
            jsonl: query.link("/admin/audit.jsonl", ""),
            event: typed(query.event),
            account: typed(query.account),
            address: typed(query.address),
            from: typed(query.from),
            until: typed(query.until),
        },
    ))
}
