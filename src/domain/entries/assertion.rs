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

/// Somebody who has entered, or shows a token.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// Names the account.
    pub account: Uuid,
    /// The user name as it is compared.
    pub username: &'a str,
    /// The address as it is compared.
    pub email: &'a str,
    /// What it may.
    pub roles: &'a Roles,
    /// When the password had been given, at the moment of entering; `None` for a token.
    pub confirmed_at: Option<Timestamp>,
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

/// The one that was made last for an entry or a personal token.
#[derive(Debug, Default)]
pub struct Latest(Mutex<Option<Made>>);

#[derive(Debug)]
struct Made {
    text: Arc<str>,
    kid: String,
    at: Timestamp,
    has_email: bool,
    audience: Box<str>,
}

impl Latest {
    /// A statement about this visitor, which is signed about once a minute.
    ///
    /// # Errors
    /// There is no key, or the library cannot sign.
    pub fn stated(
        &self,
        visitor: Visitor<'_>,
        ring: &Ring,
        parties: Parties<'_>,
        now: Timestamp,
    ) -> Result<Arc<str>> {
        let key = ring.signing_at(Purpose::Assertion, now);
        let key = key.ok_or_else(|| Error::broken("No key signs assertions."))?;
        let has_email = parties.unverified_email;
        let mut latest = self.0.lock().expect("no panic while the lock is held");
        let fits = |made: &&Made| {
            made.kid == key.kid
                && made.has_email == has_email
                && *made.audience == *parties.audience
                && (Duration::ZERO..KEPT).contains(&now.since(made.at))
        };
        if let Some(made) = latest.as_ref().filter(fits) {
            return Ok(Arc::clone(&made.text));
        }
        let text: Arc<str> = signed(visitor, key, parties, now)?.into();
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
}

fn signed(visitor: Visitor<'_>, key: &Key, parties: Parties<'_>, now: Timestamp) -> Result<String> {
    let begins = (now - LEEWAY).seconds();
    key.signed_jwt(&Claims {
        iss: parties.issuer,
        aud: parties.audience,
        sub: visitor.account,
        preferred_username: visitor.username,
        email: parties.unverified_email.then_some(visitor.email),
        groups: visitor.roles.names().collect(),
        auth_time: visitor.confirmed_at.map(Timestamp::seconds),
        iat: begins,
        nbf: begins,
        exp: (now + LIFE).seconds(),
    })
}
