//! `/admin/audit`: what happened, in plain sentences.

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;
use sea_orm::DatabaseConnection;
use serde::Serialize;

use super::query::{SCREEN, chosen, cursor, find_account, link, typed};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::audit::{self, Event, Filter, Row};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::view::Moment;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::AuditReader;
use crate::web::request::user_agent::describe_user_agent;

pub(super) fn routes() -> Vec<Route> {
    routes![audit_page]
}

/// An event in words.
#[derive(Serialize)]
pub(super) struct EventView {
    id: i64,
    at: Moment,
    event: String,
    words: &'static str,
    actor: Option<Person>,
    target: Option<Person>,
    own: bool,
    browser: String,
    address: String,
    detail: String,
    reason: String,
}

/// Somebody in a sentence: a link, or what is left of a deleted account.
#[derive(Serialize)]
struct Person {
    id: String,
    username: Option<String>,
}

/// The events in words, with the names of the accounts they tell of.
pub(super) async fn event_views(db: &DatabaseConnection, rows: Vec<Row>) -> Result<Vec<EventView>> {
    let names = accounts::names_of(db, audit::accounts_in(&rows)).await?;
    let person = |id: uuid::Uuid| Person { id: id.to_string(), username: names.get(&id).cloned() };
    let told = |row: Row| EventView {
        id: row.id,
        at: row.at.into(),
        words: Event::parse(&row.event).map_or("did something", Event::words),
        event: row.event,
        actor: row.actor.map(person),
        target: row.target.map(person),
        own: row.actor == row.target,
        browser: if row.user_agent.is_empty() {
            String::new()
        } else {
            let client = describe_user_agent(&row.user_agent);
            format!("{} on {}", client.browser, client.system)
        },
        address: row.address,
        detail: row.detail,
        reason: row.reason,
    };
    Ok(rows.into_iter().map(told).collect())
}

/// What the address of the log asks for.
#[derive(rocket::FromForm)]
pub(super) struct Asked<'r> {
    event: Option<&'r str>,
    account: Option<&'r str>,
    address: Option<&'r str>,
    from: Option<&'r str>,
    until: Option<&'r str>,
}

impl Asked<'_> {
    /// The filter; `None` when it names an account that is not there.
    pub(super) async fn filter(
        &self,
        db: &DatabaseConnection,
        notices: &mut Vec<String>,
    ) -> Result<Option<Filter>> {
        let events: Vec<(&str, Event)> = Event::all().map(|event| (event.name(), event)).collect();
        let Some(account) = find_account(db, self.account, notices).await? else {
            return Ok(None);
        };
        let mut day = |given: Option<&str>| {
            let given = given.filter(|given| !given.is_empty())?;
            let day = Timestamp::of_day(given);
            if day.is_none() {
                notices.push("A day is written like 2026-01-31, so that one was left out.".into());
            }
            day
        };
        let (from, until) = (day(self.from), day(self.until));
        Ok(Some(Filter {
            event: chosen(self.event, &events, "event", notices),
            account,
            address: Some(typed(self.address)).filter(|address| !address.is_empty()),
            from,
            // The day itself belongs to it.
            until: until.map(|day| day + time::Duration::days(1)),
        }))
    }

    fn link(&self, path: &str, before: &str) -> String {
        let parameters = [
            ("event", self.event.unwrap_or_default()),
            ("account", self.account.unwrap_or_default()),
            ("address", self.address.unwrap_or_default()),
            ("from", self.from.unwrap_or_default()),
            ("until", self.until.unwrap_or_default()),
            ("before", before),
        ];
        link(path, &parameters)
    }
}

#[get("/audit?<before>&<asked..>")]
async fn audit_page(
    _who: AuditReader,
    before: Option<&str>,
    asked: Asked<'_>,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let mut notices = vec![];
    let before = cursor(before, |text| text.parse::<i64>().ok(), &mut notices);
    let rows = match asked.filter(db, &mut notices).await? {
        Some(filter) => audit::list(db, &filter, before.unwrap_or(i64::MAX), SCREEN + 1).await?,
        None => vec![],
    };
    let more = rows.len() as u64 > SCREEN;
    let rows: Vec<Row> = rows.into_iter().take(SCREEN as usize).collect();
    let last = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let events: Vec<(&str, &str)> =
        Event::all().map(|event| (event.name(), event.words())).collect();
    let story = event_views(db, rows).await?;
    Ok(page.in_section("admin/audit").render(
        "admin/audit.html",
        context! {
            story,
            events,
            notices,
            first: before.is_none(),
            next_page: last.map(|last| asked.link("/admin/audit", &last)),
            csv: asked.link("/admin/audit.csv", ""),
            jsonl: asked.link("/admin/audit.jsonl", ""),
            event: typed(asked.event),
            account: typed(asked.account),
            address: typed(asked.address),
            from: typed(asked.from),
            until: typed(asked.until),
        },
    ))
}
