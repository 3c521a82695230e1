//! A form that renewed the session and is sent a second time, because its
//! answer was lost or the button pressed twice.

use crate::base::error::Error;
use crate::domain::passwords::policy::Password;
use crate::domain::sessions::Predecessor;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::answer::redirect::SeeOther;
use crate::web::request::caller::Caller;
use crate::web::request::denial::Denial;
use crate::web::request::now::Now;

/// Answers a form that renewed the session a moment ago as it was answered
/// then. A browser that cannot be answered so signs in.
pub async fn answer_again(
    doorward: &Doorward,
    before: &Predecessor,
    password: &Password,
    caller: &Caller,
    now: Now,
    answer: SeeOther,
) -> Result<SeeOther, Failure> {
    let credentials = doorward.credentials();
    match credentials.confirm_again(before, password, &caller.0, now.0).await {
        Ok(issued) => Ok(answer.with_tokens(issued)),
        Err(Error::Refused(_)) => Err(Failure::Denied(Denial::NotSignedIn)),
        Err(error) => Err(error.into()),
    }
}
