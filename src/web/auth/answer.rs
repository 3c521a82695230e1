//! What the check can answer, before it is known who shows it.

use std::sync::Arc;

use crate::domain::applications::Found;
use crate::domain::applications::decide::{Reason, Verdict};
use crate::domain::applications::question::Question;
use crate::domain::applications::sightings::Cause;
use crate::domain::entries::Held;

/// What the check says.
pub enum Answer {
    /// The request may pass, and this is who sends it.
    Allow(Option<Arc<Held>>, Option<Arc<str>>, Arc<Found>),
    /// Somebody must sign in, or give the password again.
    SignIn(Arc<Found>, Box<Question>, Verdict, Cause),
    /// Somebody may not.
    Forbidden(Arc<Found>, Box<Question>, Reason, Option<Arc<Held>>),
    /// It is not a question that can be answered, for this reason.
    Wrong(Cause, String),
    /// It cannot be told now.
    Unavailable,
}

impl Answer {
    /// For the figures.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Allow(..) => "allowed",
            Self::SignIn(..) => "sign_in",
            Self::Forbidden(..) => "forbidden",
            Self::Wrong(..) => "wrong",
            Self::Unavailable => "unavailable",
        }
    }
}
