//! Who asks for an application with a personal token.

use std::sync::Arc;

use super::answer::Answer;
use crate::base::timestamp::Timestamp;
use crate::domain::applications::Found;
use crate::domain::applications::decide::{Verdict, decide};
use crate::domain::applications::question::Question;
use crate::domain::applications::sightings::TokenFault;
use crate::domain::audit::RequestSource;
use crate::domain::personal_tokens::{Bearer, Known, Presented};
use crate::service::Doorward;
use crate::web::guarding::token::PresentedToken;
use crate::web::guarding::visitor::{self, Sender};

/// What is said to somebody who shows a token: it decides alone.
///
/// # Errors
/// It cannot be told now.
pub async fn by_token(
    doorward: &Doorward,
    (found, question): (Arc<Found>, Question),
    token: Result<PresentedToken, TokenFault>,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<Answer, Answer> {
    let bearer = match token {
        Ok(token) => admitted(doorward, (&found, &question), token, origin, now).await?,
        Err(fault) => Err(fault),
    };
    let bearer = match bearer {
        Ok(bearer) => bearer,
        Err(fault) => return Ok(Answer::NoToken(found, Box::new(question), fault)),
    };
    let visitor = Some(visitor::known(&bearer.subject));
    let verdict = decide(&found.application, &question, visitor, now).verdict;
    let sender = Sender::Script(Arc::clone(&bearer));
    if let Verdict::Refused(reason) = verdict {
        return Ok(Answer::Forbidden(found, Box::new(question), reason, Some(sender)));
    }
    doorward.tokens.usage.note(bearer.token.id, question.address, now);
    Answer::allow(doorward, (Some(sender), found), &question.origin(), now)
}

/// Who shows that token to that application.
async fn admitted(
    doorward: &Doorward,
    (found, question): (&Found, &Question),
    shown: PresentedToken,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<Result<Arc<Bearer>, TokenFault>, Answer> {
    let presented = doorward.tokens.present(&doorward.sessions, shown.digest, now).await;
    let presented = presented.map_err(|error| {
        tracing::error!(%error, "cannot tell who shows a token");
        Answer::Unavailable
    })?;
    let (token, fault) = match presented {
        Presented::Busy => return Err(Answer::Unavailable),
        Presented::Refused(fault, token) => (token, fault),
        Presented::Good(bearer) => {
            match bearer.fault_at(found.id, question.address, shown.is_password) {
                Some(fault) => (Some(Arc::clone(&bearer.token)), fault),
                None => return Ok(Ok(bearer)),
            }
        }
    };
    if let Some(token) = token {
        Box::pin(tell(doorward, (&token, fault), found, origin, now)).await;
    }
    Ok(Err(fault))
}

async fn tell(
    doorward: &Doorward,
    what: (&Known, TokenFault),
    found: &Found,
    origin: &RequestSource,
    now: Timestamp,
) {
    let place = (found.id, &*found.application.slug);
    let told = doorward.tokens.misuses.tell(&doorward.db, what, place, origin, now).await;
    if let Err(error) = told {
        // It is refused either way.
        tracing::error!(%error, "token.misused");
    }
}
