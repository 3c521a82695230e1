//! `/account/data.json`: everything kept about the signed-in account, as a file. It is
//! read and sent part by part, however long their story is.

use std::sync::Arc;

use rocket::futures::Stream;
use rocket::http::ContentType;
use rocket::{Route, get, routes};
use serde::Serialize;

use crate::base::error::{Error, Result};
use crate::domain::accounts::Account;
use crate::domain::personal_data::{self, AccountData};
use crate::service::{Doorward, words};
use crate::web::answer::download::Download;
use crate::web::request::guards::{LiveSession, RecentlySignedIn};
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![data]
}

/// Events read at a time.
const BATCH: u64 = 500;

#[get("/account/data.json")]
fn data(who: RecentlySignedIn, doorward: &Service) -> Download<impl Stream<Item = String> + use<>> {
    let parts = parts(Arc::clone(doorward.inner()), who.0);
    Download::new("doorward.json", ContentType::JSON, parts)
}

/// The file in parts. What breaks off half-way is no JSON: nobody takes it for all there is.
fn parts(doorward: Arc<Doorward>, who: LiveSession) -> impl Stream<Item = String> {
    rocket::async_stream::stream! {
        let LiveSession { account, principal, .. } = who;
        match beginning(&doorward, &account).await {
            Ok(text) => yield text,
            Err(error) => return broken_off(&error),
        }
        let (mut before, mut first) = (i64::MAX, true);
        loop {
            let read = async {
                // A slow reader must not outlast the session.
                let now = doorward.clock.now();
                doorward.sessions.still_may(&principal, None, now).await?;
                let db = doorward.db.read();
                personal_data::events(db, &account, before, BATCH, words::detail).await
            };
            let (events, last) = match read.await {
                Ok(events) => events,
                Err(error) => return broken_off(&error),
            };
            let Some(last) = last else { break };
            before = last;
            yield listed(&events, first);
            first = false;
        }
        yield "\n  ]\n}\n".to_owned();
    }
}

/// The account, its sessions, and the beginning of its events.
async fn beginning(doorward: &Doorward, account: &Account) -> Result<String> {
    let sessions = personal_data::sessions(doorward.db.read(), account).await?;
    let account = serde_json::to_string_pretty(&AccountData::from(account))
        .map_err(|why| Error::broken(format!("The data cannot be written: {why}.")))?;
    let open = account.strip_suffix("\n}").unwrap_or(&account);
    Ok(format!("{open},\n  \"sessions\": [{}\n  ],\n  \"events\": [", listed(&sessions, true)))
}

/// The rows, one a line, behind those that stand there already.
fn listed(rows: &[impl Serialize], first: bool) -> String {
    let mut text = String::new();
    for (place, row) in rows.iter().enumerate() {
        text.push_str(if first && place == 0 { "\n    " } else { ",\n    " });
        text.push_str(&serde_json::to_string(row).unwrap_or_default());
    }
    text
}

fn broken_off(error: &Error) {
    tracing::error!(%error, "an export ends early");
}
