//! Who a request on the host of an application comes from, by the cookie of
//! the entry.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::host::Authority;
use crate::base::timestamp::Timestamp;
use crate::domain::applications::Found;
use crate::domain::applications::decide::Visitor;
use crate::domain::applications::sightings::Cause;
use crate::domain::entries::{Held, Over, Subject};
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
    /// Who that is.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Entered(held) => &held.subject,
            Self::Script(bearer) => &bearer.subject,
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

/// What a decision asks of somebody.
pub fn known(subject: &Subject) -> Visitor<'_> {
    Visitor { roles: &subject.roles, confirmed_at: subject.confirmed_at }
}
