//! Forms that need a recent log-in. What is typed into one for longer than that
//! must not be lost, and it must not be read by the route either.

use rocket::data::{self, FromData};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request::FromRequest;
use rocket::{Data, Request};

use super::held::hold_typed;
use super::submitted::{PageForm, Submitted};
use crate::web::request::denial::Denial;

/// A form with what the guard `G` proves of its sender. Where `G` asks for the
/// password first, what was typed is held for the page after `/confirm`, if the
/// form came from one of our own pages; secrets are not held. Else as `G` and [`Submitted`].
pub struct Timely<G, T> {
    /// Who sent it.
    pub who: G,
    /// What was sent.
    pub form: Submitted<T>,
}

#[rocket::async_trait]
impl<'r, G, T> FromData<'r> for Timely<G, T>
where
    G: FromRequest<'r, Error = ()> + Send,
    T: PageForm,
{
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        let who = match request.guard::<G>().await {
            Outcome::Success(who) => who,
            Outcome::Forward(status) => return Outcome::Forward((data, status)),
            Outcome::Error((Status::Unauthorized, ()))
                if Denial::of(request) == Denial::NotRecent =>
            {
                return Outcome::Error((hold::<T>(request, data).await, ()));
            }
            Outcome::Error(error) => return Outcome::Error(error),
        };
        Submitted::from_data(request, data).await.map(|form| Self { who, form })
    }
}

/// The status to answer with: the password first, but not for another site.
async fn hold<'r, T: PageForm>(request: &'r Request<'_>, data: Data<'r>) -> Status {
    match Submitted::<T>::from_data(request, data).await {
        Outcome::Success(form) => hold_typed(request, form.into_held()).await,
        Outcome::Error((Status::Forbidden, ())) => return Status::Forbidden,
        Outcome::Error(_) | Outcome::Forward(_) => {}
    }
    Status::Unauthorized
}
