//! What stands in the addresses of lists: searches, filters, where a screen begins.

use rocket::http::RawStr;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::domain::accounts;
use crate::domain::accounts::names::LoginName;

/// Rows on one screen.
pub(super) const SCREEN: u64 = 50;

/// What somebody typed into a filter, cut to what could be found by it. NUL is
/// an error to PostgreSQL.
pub(super) fn typed(text: Option<&str>) -> String {
    let text = text.unwrap_or_default().trim();
    text.chars().filter(|c| !c.is_control()).take(254).collect()
}

/// A choice from a list. Something that is not on it counts as no choice, and
/// leaves a sentence about that.
pub(super) fn chosen<T: Copy>(
    given: Option<&str>,
    choices: &[(&str, T)],
    what: &str,
    notices: &mut Vec<String>,
) -> Option<T> {
    let given = given.filter(|given| !given.is_empty())?;
    let found = choices.iter().find(|(word, _)| *word == given).map(|(_, choice)| *choice);
    if found.is_none() {
        notices.push(format!("There is no such {what}, so this filter was ignored."));
    }
    found
}

/// Where a screen begins. What is no cursor leads to the beginning, with a sentence.
pub(super) fn cursor<T>(
    given: Option<&str>,
    parse: impl FnOnce(&str) -> Option<T>,
    notices: &mut Vec<String>,
) -> Option<T> {
    let given = given.filter(|given| !given.is_empty())?;
    let parsed = parse(given);
    if parsed.is_none() {
        notices.push("That page of the list no longer exists. This is the first page.".to_owned());
    }
    parsed
}

/// What came of the field in which an account may be named.
pub(super) enum NamedAccount {
    /// It was left empty: whichever account.
    Any,
    /// This one, by its id; it may be deleted.
    One(Uuid),
    /// One that there is not: nothing is to be found.
    Unknown,
}

/// The account that somebody typed by its id, user name or e-mail address. One
/// that there is not leaves a sentence.
pub(super) async fn find_account(
    db: &DatabaseConnection,
    given: Option<&str>,
    notices: &mut Vec<String>,
) -> Result<NamedAccount> {
    let name = typed(given);
    if name.is_empty() {
        return Ok(NamedAccount::Any);
    }
    // Also of an account that was deleted there is something to find.
    if let Ok(id) = Uuid::try_parse(&name) {
        return Ok(NamedAccount::One(id));
    }
    match accounts::by_login_name(db, &LoginName::parse(&name)).await {
        Ok(account) => Ok(NamedAccount::One(account.id.0)),
        Err(Error::NotFound) => {
            notices.push(format!("There is no account {name}."));
            Ok(NamedAccount::Unknown)
        }
        Err(error) => Err(error),
    }
}

/// A filter that is on, and the list without it.
#[derive(Serialize)]
pub(super) struct Chip {
    pub(super) words: String,
    pub(super) without: String,
}

/// Whether a text that a form brought may stand behind the `?` of an address:
/// nothing in it may end a header.
pub(super) fn fits_an_address(text: &str, most_bytes: usize) -> bool {
    text.len() <= most_bytes && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `path` with these parameters; empty ones are left out.
pub(super) fn link(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let given: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", RawStr::new(value).percent_encode()))
        .collect();
    if given.is_empty() { path.to_owned() } else { format!("{path}?{}", given.join("&")) }
}
