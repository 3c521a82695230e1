//! The assertion: a signed statement to an application about its visitor.
//! Unlike the other headers it says by itself that it comes from here, and for
//! which application it was made.

use std::sync::{Arc, Mutex};

use serde::Serialize;
use time::Duration;
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::base::keys::{Key, Purpose, Ring};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Roles;
use crate::domain::accounts::{Account, AccountId};

/// How long it is good.
const LIFE: Duration = Duration::seconds(120);

/// So long the same one is sent, and half of its life is left.
const KEPT: Duration = Duration::seconds(60);

/// For clocks that are behind: some libraries allow none.
const LEEWAY: Duration = Duration::seconds(10);

/// Who states, and who is told.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The address of this service.
    pub issuer: &'a str,
    /// Scheme, host and port of the application.
    pub audience: &'a str,
    /// Whether it is told addresses that nobody has confirmed.
    pub unverified_email: bool,
}

/// Somebody who has entered, or shows a token, as applications are told of them.
#[derive(Debug)]
pub struct Subject {
    /// The account.
    pub account: AccountId,
    /// The user name as it is compared: two that look alike have the same.
    pub username: Box<str>,
    /// What the account is called on pages; may be empty.
    pub display_name: Box<str>,
    /// The address as it is compared.
    pub email: Box<str>,
    /// What it may here.
    pub roles: Roles,
    /// When the password had been given, at the moment of entering; `None` for a token.
    pub confirmed_at: Option<Timestamp>,
    /// The assertion that was made last.
    latest: Mutex<Option<Made>>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: Uuid,
    preferred_username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    groups: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Debug)]
struct Made {
    text: Arc<str>,
    kid: String,
    at: Timestamp,
    has_email: bool,
    audience: Box<str>,
}

impl Subject {
    /// That of an account with no more than these roles.
    pub fn new(account: Account, roles: Roles, confirmed_at: Option<Timestamp>) -> Self {
        Self {
            account: account.id,
            username: account.canonical_username.into(),
            display_name: account.display_name.into(),
            email: account.canonical_email.into(),
            roles,
            confirmed_at,
            latest: Mutex::default(),
        }
    }

    /// What they are called: the display name, or else the user name.
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() { &self.username } else { &self.display_name }
    }

    /// A statement about them, which is signed about once a minute.
    ///
    /// # Errors
    /// There is no key, or the library cannot sign.
    pub fn assertion(&self, ring: &Ring, parties: Parties<'_>, now: Timestamp) -> Result<Arc<str>> {
        let key = ring.signing_at(Purpose::Assertion, now);
        let key = key.ok_or_else(|| Error::broken("No key signs assertions."))?;
        let has_email = parties.unverified_email;
        let mut latest = self.latest.lock().expect("no panic while the lock is held");
        let fits = |made: &&Made| {
            made.kid == key.kid
                && made.has_email == has_email
                && *made.audience == *parties.audience
                && (Duration::ZERO..KEPT).contains(&now.since(made.at))
        };
        if let Some(made) = latest.as_ref().filter(fits) {
            return Ok(Arc::clone(&made.text));
        }
        let text: Arc<str> = self.signed(key, parties, now)?.into();
        let made = Made {
            text: Arc::clone(&text),
            kid: key.kid.clone(),
            at: now,
            has_email,
            audience: parties.audience.into(),
        };
        *latest = Some(made);
        Ok(text)
    }

    fn signed(&self, key: &Key, parties: Parties<'_>, now: Timestamp) -> Result<String> {
        let begins = (now - LEEWAY).seconds();
        key.signed_jwt(&Claims {
            iss: parties.issuer,
            aud: parties.audience,
            sub: self.account.0,
            preferred_username: &self.username,
            email: parties.unverified_email.then_some(&*self.email),
            groups: self.roles.names().collect(),
            auth_time: self.confirmed_at.map(Timestamp::seconds),
            iat: begins,
            nbf: begins,
            exp: (now + LIFE).seconds(),
        })
    }
}
