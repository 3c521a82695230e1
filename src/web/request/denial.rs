//! Why a guard turned a request away, kept for the catcher that answers.

use rocket::http::Status;
use rocket::request::{Outcome, Request};

/// Why a guard turned a request away, for the catcher that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Nobody is signed in.
    NotSignedIn,
    /// The password must be given again first.
    NotRecent,
}

impl Denial {
    /// Why this request was turned away; not signed in where nothing else is known.
    pub fn of(request: &Request<'_>) -> Self {
        *request.local_cache(|| Self::NotSignedIn)
    }

    /// Leaves it for the catcher.
    pub fn note(self, request: &Request<'_>) {
        request.local_cache(|| self);
    }

    /// Turns the request away, for the catcher to answer.
    pub(super) fn deny<T>(self, request: &Request<'_>) -> Outcome<T, ()> {
        self.note(request);
        Outcome::Error((Status::Unauthorized, ()))
    }
}
