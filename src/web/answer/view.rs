//! Values as templates show them.

use serde::Serialize;

use crate::base::store::Count;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::EmailAddress;
use crate::domain::accounts::{Account, Login};
use crate::domain::sessions::{Audience, Session};
use crate::web::request::user_agent::{UserAgent, describe_user_agent};

/// A moment; templates write it for people.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    ms: i64,
    iso: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self { ms: at.0, iso: at.iso() }
    }
}

/// The names of an account as staff see them: each also as it is compared, where
/// that is not how it is written, so that nobody takes `biII` for `bill`.
#[derive(Clone, Debug, Serialize)]
pub struct Names {
    username: String,
    display_name: String,
    compared_username: Option<String>,
    email: String,
    compared_email: Option<String>,
    /// What may be wrong with the letters of the address, in words.
    letters: Option<&'static str>,
}

impl From<&Account> for Names {
    fn from(account: &Account) -> Self {
        let other =
            |compared: &str, written: &str| (compared != written).then(|| compared.to_owned());
        Self {
            username: account.username.clone(),
            display_name: account.display_name.clone(),
            compared_username: other(&account.canonical_username, &account.username),
            email: account.email.clone(),
            compared_email: other(&account.canonical_email, &account.email),
            letters: EmailAddress::parse(&account.email).ok().and_then(strange_letters),
        }
    }
}

fn strange_letters(email: EmailAddress) -> Option<&'static str> {
    if email.mixes_scripts() {
        return Some("Mixes alphabets");
    }
    email.looks_plain().then_some("Look-alike letters")
}

/// A log-in.
#[derive(Clone, Debug, Serialize)]
pub struct LoginView {
    at: Moment,
    address: String,
    browser: String,
}

impl From<Login> for LoginView {
    fn from(login: Login) -> Self {
        Self {
            at: login.at.into(),
            browser: browser_in_words(&login.origin.user_agent),
            address: login.origin.address,
        }
    }
}

/// A session.
#[derive(Clone, Debug, Serialize)]
pub struct SessionView {
    sid: String,
    script: bool,
    browser: String,
    address: String,
    started_at: Moment,
    last_active_at: Moment,
    remember: bool,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            sid: session.sid.to_string(),
            script: session.client == Audience::Api,
            browser: browser_in_words(&session.origin.user_agent),
            address: session.origin.address,
            started_at: session.created_at.into(),
            last_active_at: session.last_seen_at.into(),
            remember: session.remember,
        }
    }
}

/// As in "Firefox on Linux".
pub fn browser_in_words(user_agent: &str) -> String {
    let UserAgent { browser, system } = describe_user_agent(user_agent);
    format!("{browser} on {system}")
}

/// A number as pages show it, its digits in threes: `5,214`.
pub fn grouped(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "−".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that may have been too large to count to the end: `5,214`, `more than 10,000`.
pub fn counted(count: Count) -> String {
    match count {
        Count::Exactly(count) => grouped(count),
        Count::MoreThan(most) => format!("more than {}", grouped(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(999_u64), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(-1234), "−1,234");
    }
}
