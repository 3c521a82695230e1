//! What the check can answer, before it is known who shows it.

use std::sync::Arc;

use crate::base::timestamp::Timestamp;
use crate::domain::applications::Found;
use crate::domain::applications::decide::{Reason, Verdict};
use crate::domain::applications::question::Question;
use crate::domain::applications::sightings::{Cause, TokenFault};
use crate::domain::entries::Parties;
use crate::service::Doorward;
use crate::web::guarding::visitor::Sender;

/// What the check says.
pub enum Answer {
    /// The request may pass, and this is who sends it.
    Allow(Option<Sender>, Option<Arc<str>>, Arc<Found>),
    /// Somebody must sign in, or give the password again.
    SignIn(Arc<Found>, Box<Question>, Verdict, Cause),
    /// Somebody may not.
    Forbidden(Arc<Found>, Box<Question>, Reason, Option<Sender>),
    /// A token was shown, and it is refused.
    NoToken(Arc<Found>, Box<Question>, TokenFault),
    /// It is not a question that can be answered, for this reason.
    Wrong(Cause, String),
    /// It cannot be told now.
    Unavailable,
}

impl Answer {
    /// A request may pass, with a signed statement about its sender for
    /// applications that ask for one.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn allow(
        doorward: &Doorward,
        (sender, found): (Option<Sender>, Arc<Found>),
        audience: &str,
        now: Timestamp,
    ) -> Result<Self, Self> {
        let application = &found.application;
        let Some(known) = sender.as_ref().filter(|_| application.identity.has_assertion()) else {
            return Ok(Self::Allow(sender, None, found));
        };
        let parties = Parties {
            issuer: doorward.settings.base_url.as_str(),
            audience,
            unverified_email: application.unverified_email,
        };
        match known.subject().assertion(&doorward.keys.ring(), parties, now) {
            Ok(stated) => Ok(Self::Allow(sender, Some(stated), found)),
            Err(error) => {
                tracing::error!(%error, "cannot tell an application who asks");
                Err(Self::Unavailable)
            }
        }
    }

    /// For the figures.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Allow(..) => "allowed",
            Self::SignIn(..) => "sign_in",
            Self::Forbidden(..) => "forbidden",
            Self::NoToken(..) => "token_refused",
            Self::Wrong(..) => "wrong",
            Self::Unavailable => "unavailable",
        }
    }
}
