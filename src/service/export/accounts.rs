//! The list of accounts as a file.

use std::sync::Arc;

use serde::Serialize;

use super::format::{Format, broken_off, csv_line, headings, json_line};
use super::screens::{BATCH, Lines, still_may};
use crate::domain::accounts::Account;
use crate::domain::accounts::list::{Filter, List, Page};
use crate::domain::sessions::Principal;
use crate::service::Doorward;

#[derive(Serialize)]
struct AccountLine {
    id: String,
    username: String,
    display_name: String,
    email: String,
    roles: Vec<String>,
    disabled: bool,
    created_at: String,
    last_login_at: Option<String>,
}

const ACCOUNT_HEADINGS: [&str; 8] =
    ["id", "username", "display_name", "email", "roles", "disabled", "created_at", "last_login_at"];

fn account_line(account: Account, format: Format) -> String {
    let line = AccountLine {
        id: account.id.to_string(),
        roles: account.roles.names().map(str::to_owned).collect(),
        username: account.username,
        display_name: account.display_name,
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
            line.display_name,
            line.email,
            line.roles.join(" "),
            line.disabled.to_string(),
            line.created_at,
            line.last_login_at.unwrap_or_default(),
        ]),
    }
}

/// The accounts that fit the filter, line by line.
pub fn accounts(
    doorward: Arc<Doorward>,
    reader: Principal,
    filter: Filter,
    format: Format,
) -> Lines {
    Box::pin(rocket::async_stream::stream! {
        yield headings(&ACCOUNT_HEADINGS, format);
        // One list from beginning to end: the order of another could be another one.
        let (db, mut list, mut from) = (doorward.db.read(), None, None);
        loop {
            let read = async {
                still_may(&doorward, Some(&reader)).await?;
                let list = match &list {
                    Some(list) => list,
                    None => &*list.insert(List::of(db, &filter).await?),
                };
                list.page(db, from.as_ref(), BATCH).await
            };
            let Page { accounts, next, .. } = match read.await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "an export ends early");
                    yield broken_off(format);
                    return;
                }
            };
            yield accounts.into_iter().map(|account| account_line(account, format)).collect();
            if next.is_none() {
                return;
            }
            from = next;
        }
    })
}
