//! The audit log as a file.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::format::{Format, broken_off, csv_line, headings, json_line};
use super::screens::{BATCH, Lines, still_may};
use crate::domain::audit::{self, Filter, RecordedEvent};
use crate::domain::sessions::Principal;
use crate::service::{Doorward, words};

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
    data: Option<Map<String, Value>>,
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

fn event_line(row: RecordedEvent, format: Format) -> String {
    let line = EventLine {
        id: row.id,
        at: row.at.iso(),
        event: row.event,
        actor: row.actor.map(|id| id.to_string()),
        target: row.target.map(|id| id.to_string()),
        session: row.session,
        address: row.address,
        user_agent: row.user_agent,
        detail: words::detail(&row.detail),
        data: row.detail.into_data(),
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

/// The audit log, line by line, as much of it as fits the filter: without one,
/// nothing but the headings. Without a reader it is for the operator.
pub fn events(
    doorward: Arc<Doorward>,
    reader: Option<Principal>,
    filter: Option<Filter>,
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
