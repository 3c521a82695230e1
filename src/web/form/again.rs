//! Shows a held form again: a request for its page is answered as if it had the
//! query that is held, and with what was typed. What was shown is removed.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::uri::Origin;
use rocket::http::{Method, Status};
use rocket::{Data, Request, Response};

use super::held::Found;
use super::return_to::OwnPage;
use crate::domain::one_time;
use crate::service::Doorward;
use crate::web::answer::failure::Problem;
use crate::web::request::identity::{Identity, identity};
use crate::web::request::now::Now;
use crate::web::request::request_id::RequestId;

/// No page has this address.
const GONE: &str = "/confirm/gone";

/// The fairing that does it.
pub struct HeldForms;

#[rocket::async_trait]
impl Fairing for HeldForms {
    fn info(&self) -> Info {
        Info { name: "held forms", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let uri = request.uri();
        let token = uri.query().and_then(|query| Found::token_in(query.as_str()));
        let (Method::Get, Some(token)) = (request.method(), token) else { return };
        let Some(page) = OwnPage::parse(uri.path().as_str()) else { return };
        // Anybody else signs in first.
        let Identity::SignedIn(principal) = identity(request).await else { return };
        let (token, path) = (token.to_owned(), page.to_string());
        let (db, now) = (Doorward::of(request).db.read(), Now::of(request));
        match one_time::held_form(db, &token, (principal.account, &path), now).await {
            Ok(Some(form)) => {
                let asked =
                    if form.query.is_empty() { path } else { format!("{path}?{}", form.query) };
                Found { token, form }.note(request);
                if let Ok(asked) = Origin::parse_owned(asked) {
                    request.set_uri(asked);
                }
            }
            Ok(None) => {
                Problem::NoLongerHeld.note(request);
                request.set_uri(Origin::parse(GONE).expect("a valid path"));
            }
            Err(error) => {
                tracing::error!(id = RequestId::of(request), %error, "a held form cannot be read");
            }
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(Found { token, .. }) = Found::of(request) else { return };
        if response.status() != Status::Ok {
            return;
        }
        if let Err(error) =
            one_time::forget_held_form(Doorward::of(request).db.write(), token).await
        {
            tracing::error!(id = RequestId::of(request), %error, "a held form cannot be removed");
        }
    }
}
