//! Files to take away: the audit log and the list of accounts, as CSV and as
//! JSON lines, with the filter of the page they stand on. They are read and
//! sent screen by screen, however long they are.

use std::sync::Arc;

use rocket::http::{ContentType, Header};
use rocket::response::stream::TextStream;
use rocket::{Responder, Route, get, routes};

use super::accounts::filter;
use super::audit::Asked;
use super::lines::{
    ACCOUNT_HEADINGS, EVENT_HEADINGS, Format, account_line, broken_off, event_line, headings,
};
use crate::base::error::Result;
use crate::domain::accounts::list::{self, Filter};
use crate::domain::accounts::permissions::Permission;
use crate::domain::administration;
use crate::domain::audit;
use crate::domain::sessions::Principal;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::request::caller::Caller;
use crate::web::request::guards::LiveSession;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Exporter;

pub(super) fn routes() -> Vec<Route> {
    routes![audit_csv, audit_jsonl, accounts_csv, accounts_jsonl]
}

/// Rows read at a time.
const BATCH: u64 = 500;

#[derive(Responder)]
struct File<S> {
    body: TextStream<S>,
    kind: ContentType,
    disposition: Header<'static>,
}

impl<S> File<S> {
    fn new(name: &str, format: Format, body: TextStream<S>) -> Self {
        let (kind, ending) = match format {
            Format::Csv => (ContentType::CSV, "csv"),
            Format::JsonLines => (ContentType::new("application", "jsonl"), "jsonl"),
        };
        let disposition = format!("attachment; filename=\"{name}.{ending}\"");
        Self { body, kind, disposition: Header::new("Content-Disposition", disposition) }
    }
}

/// Writes down who took what.
async fn note(
    what: &str,
    who: &LiveSession,
    caller: &Caller,
    doorward: &Doorward,
    now: Now,
) -> Result<()> {
    administration::note_export(&doorward.sessions, what, who.acting(&caller, ""), now.0).await
}

pub(crate) type Lines = std::pin::Pin<Box<dyn rocket::futures::Stream<Item = String> + Send>>;

/// A long file outlives its first screen by as long as its reader likes: each
/// screen is for whoever may have it then. The operator always may.
async fn still_may(doorward: &Doorward, reader: Option<&Principal>) -> Result<()> {
    let Some(reader) = reader else { return Ok(()) };
    let demanded = Some(Permission::ReadAudit);
    doorward.sessions.still_may(reader, demanded, doorward.clock.now()).await
}

/// The audit log, line by line, as much of it as fits the filter.
pub(crate) fn events(
    doorward: Arc<Doorward>,
    reader: Option<Principal>,
    filter: Option<audit::Filter>,
    format: Format,
) -> Lines {
    Box::pin(rocket::async_stream::stream! {
        yield headings(&EVENT_HEADINGS, format);
        let Some(filter) = filter else { return };
        let mut before = i64::MAX;
        loop {
            let read = async {
                still_may(&doorward, reader.as_ref()).await?;
                audit::list(doorward.db.read(), &filter, before, BATCH).await
            };
            let rows = match read.await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "an export ends early");
                    yield broken_off(format);
                    return;
                }
            };
            let Some(last) = rows.last() else { return };
            before = last.id;
            yield rows.into_iter().map(|row| event_line(row, format)).collect();
        }
    })
}

fn accounts(doorward: Arc<Doorward>, reader: Principal, filter: Filter, format: Format) -> Lines {
    Box::pin(rocket::async_stream::stream! {
        yield headings(&ACCOUNT_HEADINGS, format);
        let mut from = None;
        loop {
            let read = async {
                still_may(&doorward, Some(&reader)).await?;
                list::screen(doorward.db.read(), &filter, from, BATCH).await
            };
            let (rows, next) = match read.await {
                Ok(screen) => screen,
                Err(error) => {
                    tracing::error!(%error, "an export ends early");
                    yield broken_off(format);
                    return;
                }
            };
            yield rows.into_iter().map(|account| account_line(account, format)).collect();
            if next.is_none() {
                return;
            }
            from = next;
        }
    })
}

async fn export_events(
    who: Exporter,
    asked: Asked<'_>,
    format: Format,
    (doorward, caller, now): (&Service, Caller, Now),
) -> Result<File<Lines>, Failure> {
    let filter = asked.filter(doorward.db.read(), &mut vec![]).await?;
    note("audit log", &who.0, &caller, doorward, now).await?;
    let lines = events(Arc::clone(doorward.inner()), Some(who.0.principal), filter, format);
    Ok(File::new("audit", format, TextStream(lines)))
}

#[get("/audit.csv?<asked..>")]
async fn audit_csv(
    who: Exporter,
    asked: Asked<'_>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<File<Lines>, Failure> {
    export_events(who, asked, Format::Csv, (doorward, caller, now)).await
}

#[get("/audit.jsonl?<asked..>")]
async fn audit_jsonl(
    who: Exporter,
    asked: Asked<'_>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<File<Lines>, Failure> {
    export_events(who, asked, Format::JsonLines, (doorward, caller, now)).await
}

/// Which accounts: as the list is asked.
#[derive(rocket::FromForm)]
struct Which<'r> {
    q: Option<&'r str>,
    role: Option<&'r str>,
    state: Option<&'r str>,
    sort: Option<&'r str>,
}

async fn export_accounts(
    who: Exporter,
    which: Which<'_>,
    format: Format,
    (doorward, caller, now): (&Service, Caller, Now),
) -> Result<File<Lines>, Failure> {
    let filter = filter(which.q, which.role, which.state, which.sort, &mut vec![]);
    note("list of accounts", &who.0, &caller, doorward, now).await?;
    let lines = accounts(Arc::clone(doorward.inner()), who.0.principal, filter, format);
    Ok(File::new("accounts", format, TextStream(lines)))
}

#[get("/accounts.csv?<which..>")]
async fn accounts_csv(
    who: Exporter,
    which: Which<'_>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<File<Lines>, Failure> {
    export_accounts(who, which, Format::Csv, (doorward, caller, now)).await
}

#[get("/accounts.jsonl?<which..>")]
async fn accounts_jsonl(
    who: Exporter,
    which: Which<'_>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<File<Lines>, Failure> {
    export_accounts(who, which, Format::JsonLines, (doorward, caller, now)).await
}
