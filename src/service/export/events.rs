//! The audit log as a file.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::format::{Format, broken_off, csv_line, headings, json_line};
use super::names::Names;
use super::screens::{BATCH, Lines, still_may};
use crate::base::error::Error;
use crate::domain::audit::{self, Filter, RecordedEvent};
use crate::domain::sessions::Principal;
use crate::service::{Doorward, words};

#[derive(Serialize)]
struct EventLine {
    id: i64,
    at: String,
    event: String,
    actor: Option<String>,
    actor_name: Option<String>,
    target: Option<String>,
    target_name: Option<String>,
    session: String,
    address: String,
    user_agent: String,
    detail: String,
    reason: String,
    data: Option<Map<String, Value>>,
}

const EVENT_HEADINGS: [&str; 12] = [
    "id",
    "at",
    "event",
    "actor",
    "actor_name",
    "target",
    "target_name",
    "session",
    "address",
    "user_agent",
    "detail",
    "reason",
];

fn event_line(row: RecordedEvent, names: &Names, format: Format) -> String {
    let name = |account: Option<Uuid>| Some(names.of(account?, row.id)?.to_owned());
    let line = EventLine {
        id: row.id,
        at: row.at.iso(),
        event: row.event,
        actor: row.actor.map(|id| id.to_string()),
        actor_name: name(row.actor),
        target: row.target.map(|id| id.to_string()),
        target_name: name(row.target),
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
            line.actor_name.unwrap_or_default(),
            line.target.unwrap_or_default(),
            line.target_name.unwrap_or_default(),
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
        let (mut before, mut names) = (i64::MAX, Names::default());
        loop {
            let read = async {
                still_may(&doorward, reader.as_ref()).await?;
                let db = doorward.db.read();
                let rows = audit::list(db, &filter, before, BATCH).await?;
                names.read(db, &rows).await?;
                Ok::<_, Error>(rows)
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
            yield rows.into_iter().map(|row| event_line(row, &names, format)).collect();
        }
    })
}
