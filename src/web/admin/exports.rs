//! Files to take away: the audit log and the list of accounts, as CSV and as
//! JSON lines, with the filter of the page they stand on. They are read and
//! sent screen by screen, however long they are.

use std::sync::Arc;

use rocket::http::{ContentType, Header};
use rocket::response::stream::TextStream;
use rocket::{Responder, Route, get, routes};
use serde::Serialize;

use super::accounts::filter;
use super::audit::Asked;
use crate::Doorward;
use crate::accounts::Account;
use crate::accounts::listing::{self, Filter};
use crate::administration;
use crate::audit::{self, Row};
use crate::error::Result;
use crate::web::Service;
use crate::web::clock::Now;
use crate::web::failure::Failure;
use crate::web::guards::{Caller, Exporter, LiveSession};

pub(super) fn routes() -> Vec<Route> {
    routes![audit_csv, audit_jsonl, accounts_csv, accounts_jsonl]
}

/// Rows read at a time.
const BATCH: u64 = 500;

/// How the rows are written.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Csv,
    JsonLines,
}

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

/// What a spreadsheet would take for a formula gets an apostrophe before it
/// (OWASP, CSV injection; ASVS V1.2.10): at the beginning of the cell and behind
/// whatever separates cells where commas do not.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins = true;
    for (place, c) in text.char_indices() {
        if begins && is_formula(&text[place..]) {
            safe.push('\'');
        }
        safe.push(c);
        begins = matches!(c, ';' | ',' | '\t' | '\n' | '\r');
    }
    safe
}

/// Spreadsheets look past blanks and quotes.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches([' ', '"']).starts_with(['=', '+', '-', '@', '\t', '\r', '\0'])
}

fn csv_line(cells: impl IntoIterator<Item = String>) -> String {
    let mut writer = csv::Writer::from_writer(vec![]);
    let written = writer.write_record(cells.into_iter().map(|text| cell(&text)));
    written
        .ok()
        .and_then(|()| writer.into_inner().ok())
        .map_or_else(String::new, |line| String::from_utf8_lossy(&line).into_owned())
}

fn json_line(row: &impl Serialize) -> String {
    serde_json::to_string(row).map(|line| line + "\n").unwrap_or_default()
}

#[derive(Serialize)]
struct EventLine {
    id: i64,
    at: String,
    event: String,
    actor: Option<String>,
    target: Option<String>,
    session: String,
    address: String,
    user_agent: String,
    detail: String,
    reason: String,
}

const EVENT_HEADINGS: [&str; 10] = [
    "id",
    "at",
    "event",
    "actor",
    "target",
    "session",
    "address",
    "user_agent",
    "detail",
    "reason",
];

fn event_line(row: Row, format: Format) -> String {
    let line = EventLine {
        id: row.id,
        at: row.at.iso(),
        event: row.event,
        actor: row.actor.map(|id| id.to_string()),
        target: row.target.map(|id| id.to_string()),
        session: row.session,
        address: row.address,
        user_agent: row.user_agent,
        detail: row.detail,
        reason: row.reason,
    };
    match format {
        Format::JsonLines => json_line(&line),
        Format::Csv => csv_line([
            line.id.to_string(),
            line.at,
            line.event,
            line.actor.unwrap_or_default(),
            line.target.unwrap_or_default(),
            line.session,
            line.address,
            line.user_agent,
            line.detail,
            line.reason,
        ]),
    }
}

#[derive(Serialize)]
struct AccountLine {
    id: String,
    username: String,
    email: String,
    roles: Vec<String>,
    disabled: bool,
    created_at: String,
    last_login_at: Option<String>,
}

const ACCOUNT_HEADINGS: [&str; 7] =
    ["id", "username", "email", "roles", "disabled", "created_at", "last_login_at"];

fn account_line(account: Account, format: Format) -> String {
    let line = AccountLine {
        id: account.id.to_string(),
        roles: account.roles.names().map(str::to_owned).collect(),
        username: account.username,
        email: account.email,
        disabled: account.disabled_at.is_some(),
        created_at: account.created_at.iso(),
        last_login_at: account.last_login.map(|login| login.at.iso()),
    };
    match format {
        Format::JsonLines => json_line(&line),
        Format::Csv => csv_line([
            line.id,
            line.username,
            line.email,
            line.roles.join(" "),
            line.disabled.to_string(),
            line.created_at,
            line.last_login_at.unwrap_or_default(),
        ]),
    }
}

fn headings(names: &[&str], format: Format) -> String {
    match format {
        Format::Csv => csv_line(names.iter().map(|name| (*name).to_owned())),
        Format::JsonLines => String::new(),
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
    administration::note_export(&doorward.sessions, what, caller.acting(who, ""), now.0).await
}

pub(crate) type Lines = std::pin::Pin<Box<dyn rocket::futures::Stream<Item = String> + Send>>;

/// The audit log, line by line, as much of it as fits the filter.
pub(crate) fn events(
    doorward: Arc<Doorward>,
    filter: Option<audit::Filter>,
    format: Format,
) -> Lines {
    Box::pin(rocket::async_stream::stream! {
        yield headings(&EVENT_HEADINGS, format);
        let Some(filter) = filter else { return };
        let mut before = i64::MAX;
        loop {
            let rows = match audit::list(doorward.db.read(), &filter, before, BATCH).await {
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

fn accounts(doorward: Arc<Doorward>, filter: Filter, format: Format) -> Lines {
    Box::pin(rocket::async_stream::stream! {
        yield headings(&ACCOUNT_HEADINGS, format);
        let mut from = None;
        loop {
            let (rows, next) = match listing::screen(doorward.db.read(), &filter, from, BATCH).await {
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

/// Status and headers are long gone: the last line says that more should follow.
fn broken_off(format: Format) -> String {
    match format {
        Format::Csv => "THE EXPORT BROKE OFF HERE\r\n".to_owned(),
        Format::JsonLines => "{\"error\":\"the export broke off here\"}\n".to_owned(),
    }
}

async fn export_events(
    who: Exporter,
    asked: Asked<'_>,
    format: Format,
    (doorward, caller, now): (&Service, Caller, Now),
) -> Result<File<Lines>, Failure> {
    let filter = asked.filter(doorward.db.read(), &mut vec![]).await?;
    note("audit log", &who.0, &caller, doorward, now).await?;
    let lines = events(Arc::clone(doorward.inner()), filter, format);
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
    let lines = accounts(Arc::clone(doorward.inner()), filter, format);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_cell_is_a_formula_whatever_separates_cells() {
        for (cell_text, expected) in [
            ("x;=cmd|'/C calc'!A0", "x;'=cmd|'/C calc'!A0"),
            ("a,-1", "a,'-1"),
            ("a\t@x\n+1\r=2", "a\t'@x\n'+1\r'=2"),
            ("a; =1", "a;' =1"),
            (" =1", "' =1"),
            ("a;\"=1\"", "a;'\"=1\""),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)",
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)",
            ),
            ("2026-11-24T23:00:00Z", "2026-11-24T23:00:00Z"),
            ("a=b;c", "a=b;c"),
            ("", ""),
        ] {
            assert_eq!(cell(cell_text), expected);
        }
    }

    #[test]
    fn no_cell_is_a_formula_and_every_cell_is_quoted_as_it_must() {
        let cells = ["=1+1", "@x", "plain", "a,b", "say \"hi\"", "-5"];
        let line = csv_line(cells.map(str::to_owned));
        assert_eq!(line, "'=1+1,'@x,plain,\"a,b\",\"say \"\"hi\"\"\",'-5\n");
    }
}
