//! The answer to a form that was acted on: 303, so that a reload repeats
//! nothing, with the cookies and the message that go with it.

use rocket::Request;
use rocket::http::{Header, Status};
use rocket::response::{self, Responder, Response};

use super::message::{Message, Note};
use crate::domain::accounts::AccountId;
use crate::domain::sessions::Issued;
use crate::domain::throttle::known_browser::{self, Known};
use crate::service::Doorward;
use crate::web::request::cookies::{Cookie, Outgoing};
use crate::web::request::now::Now;
use time::Duration;

/// After signing out.
pub const LOGGED_OUT: Message = Message::done("logged-out", "You are signed out.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[LOGGED_OUT];

/// "See other" (RFC 9110, section 15.4.4), to a page of our own.
#[must_use]
pub struct SeeOther {
    to: String,
    message: Option<Box<Note>>,
    tokens: Option<Issued>,
    known: Option<Browser>,
    signed_out: bool,
}

enum Browser {
    New(AccountId),
    Still(Known),
}

impl SeeOther {
    /// To that path, which is never taken from a request without being parsed as `OwnPage`.
    pub fn at(path: impl Into<String>) -> Self {
        Self { to: path.into(), message: None, tokens: None, known: None, signed_out: false }
    }

    /// With a message shown there once.
    pub fn saying(self, message: impl Into<Note>) -> Self {
        Self { message: Some(Box::new(message.into())), ..self }
    }

    /// With a session's tokens for the browser.
    pub fn with_tokens(self, issued: Issued) -> Self {
        Self { tokens: Some(issued), ..self }
    }

    /// After the password was given: this browser has attempts of its own at
    /// that account from now on.
    pub fn known_from_now_on(self, account: AccountId) -> Self {
        Self { known: Some(Browser::New(account)), ..self }
    }

    /// Where no password was given: this browser stays known, if it was known
    /// for the account, and has no new attempts.
    pub fn still_known(self, account: AccountId, known: Option<Known>) -> Self {
        let known = known.filter(|known| known.account == account.0);
        Self { known: known.map(Browser::Still), ..self }
    }

    /// With everything of the session removed from the browser (ASVS V14.3.1).
    pub fn signed_out(self) -> Self {
        Self { signed_out: true, ..self }
    }
}

impl<'r> Responder<'r, 'static> for SeeOther {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let outgoing = Outgoing::of(request);
        let mut response = Response::build();
        response.status(Status::SeeOther).header(Header::new("Location", self.to));
        if let Some(issued) = &self.tokens {
            outgoing.set_tokens(issued);
            outgoing.remove(Cookie::Form);
        }
        if let Some(known) = self.known {
            let (keys, now) = (&Doorward::of(request).keys, Now::of(request));
            let token = match known {
                Browser::New(account) => known_browser::issue(keys, account.0, now),
                Browser::Still(known) => known_browser::issue_again(keys, &known, now),
            };
            outgoing.set(Cookie::Known, &token, Some(known_browser::LIFE));
        }
        if self.signed_out {
            outgoing.remove_tokens();
            outgoing.remove(Cookie::Form);
            // Not "cookies": that would also clear those of neighbouring hosts.
            response.header(Header::new("Clear-Site-Data", r#""cache", "storage""#));
        }
        if let Some(message) = self.message {
            let value = message.sign(&Doorward::of(request).keys);
            outgoing.set(Cookie::Message, &value, Some(Duration::minutes(1)));
        }
        response.ok()
    }
}
