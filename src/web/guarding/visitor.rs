//! Who a request on the host of an application comes from, by the cookie of
//! the entry.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::host::Authority;
use crate::base::keys::Ring;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications::Found;
use crate::domain::applications::decide::Visitor;
use crate::domain::applications::sightings::Cause;
use crate::domain::entries::{Held, Over, Parties};
use crate::domain::personal_tokens::Bearer;
use crate::service::Doorward;

/// Who sends a request to an application.
#[derive(Clone)]
pub enum Sender {
    /// Somebody who has entered it.
    Entered(Arc<Held>),
    /// A script with a token.
    Script(Arc<Bearer>),
}

impl Sender {
    /// What a decision asks of them.
    pub fn known(&self) -> Visitor<'_> {
        match self {
            Self::Entered(held) => known(held),
            Self::Script(bearer) => Visitor { roles: &bearer.roles, confirmed_at: None },
        }
    }

    /// What they may.
    pub fn roles(&self) -> &Roles {
        self.known().roles
    }

    /// The user name as it is compared.
    pub fn username(&self) -> &str {
        match self {
            Self::Entered(held) => &held.username,
            Self::Script(bearer) => &bearer.username,
        }
    }

    /// What they are called: the display name, or else the user name.
    pub fn name(&self) -> &str {
        let display_name = match self {
            Self::Entered(held) => &*held.display_name,
            Self::Script(bearer) => &*bearer.display_name,
        };
        if display_name.is_empty() { self.username() } else { display_name }
    }

    /// The address as it is compared.
    pub fn email(&self) -> &str {
        match self {
            Self::Entered(held) => &held.email,
            Self::Script(bearer) => &bearer.email,
        }
    }

    /// A signed statement about them.
    ///
    /// # Errors
    /// There is no key, or the library cannot sign.
    pub fn assertion(&self, ring: &Ring, parties: Parties<'_>, now: Timestamp) -> Result<Arc<str>> {
        match self {
            Self::Entered(held) => held.assertion(ring, parties, now),
            Self::Script(bearer) => bearer.assertion(ring, parties, now),
        }
    }
}

/// Why nobody is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// No cookie came along.
    NoCookie,
    /// It admits nobody.
    Over(Over),
    /// It is of an entry to another application.
    OtherApplication,
}

impl Stranger {
    /// The same, as it is noted.
    pub fn cause(self) -> Cause {
        match self {
            Self::NoCookie => Cause::NoCookie,
            Self::OtherApplication => Cause::OtherApplication,
            Self::Over(Over::Foreign) => Cause::ForeignCookie,
            Self::Over(Over::Ended) => Cause::EntryOver,
            Self::Over(Over::Session(why)) => Cause::SessionOver(why),
        }
    }
}

/// Who entered the application there with that cookie.
///
/// # Errors
/// The database failed: neither yes nor no.
pub async fn visitor(
    doorward: &Doorward,
    (found, host): (&Found, &Authority),
    cookie: Option<&str>,
    now: Timestamp,
) -> Result<Result<Arc<Held>, Stranger>> {
    let Some(cookie) = cookie else { return Ok(Err(Stranger::NoCookie)) };
    let host = host.to_string();
    let presented = doorward.entries.present(&doorward.sessions, (cookie, &host), now).await?;
    Ok(match presented {
        Ok(held) if held.application == found.id => Ok(held),
        Ok(_) => Err(Stranger::OtherApplication),
        Err(over) => Err(Stranger::Over(over)),
    })
}

/// What a decision asks of somebody who has entered.
pub fn known(held: &Held) -> Visitor<'_> {
    Visitor { roles: &held.roles, confirmed_at: Some(held.confirmed_at) }
}
