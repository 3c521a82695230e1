//! What an application is told about its visitor: the headers that the proxy
//! takes from the answer of the check.

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Response};

use crate::base::percent::percent_encoded;
use crate::domain::applications::Application;
use crate::domain::entries::Subject;
use crate::web::guarding::token::in_authorization;
use crate::web::guarding::visitor::Sender;

/// The answer that lets a request pass. Every header, always: what is missing would stay as the client sent it.
pub fn allowed(
    request: &Request<'_>,
    (sender, assertion): (Option<&Sender>, Option<&str>),
    application: &Application,
) -> response::Result<'static> {
    let mut response = Response::build();
    response.status(Status::Ok);
    let told = sender.filter(|_| application.identity.has_headers()).map(Sender::subject);
    let groups = told.map(|subject| subject.roles.names().collect::<Vec<_>>().join(","));
    // Nobody has confirmed any address yet.
    let email = told.filter(|_| application.unverified_email).map(|subject| &*subject.email);
    for (header, value) in [
        ("Remote-User", told.map(|subject| &*subject.username)),
        ("Remote-Groups", groups.as_deref()),
        ("Remote-Name", told.map(Subject::name)),
        ("Remote-Email", email),
        ("X-Doorward-Assertion", assertion),
    ] {
        response.raw_header(header, encoded(value.unwrap_or_default()));
    }
    if let Some(authorization) = request.headers().get_one("authorization") {
        // No application sees a token, also where none is asked for.
        let is_ours = in_authorization(authorization).is_some();
        let left = if is_ours { String::new() } else { authorization.to_owned() };
        response.raw_header("Authorization", left);
    }
    if request.headers().contains("x-doorward-token") {
        response.raw_header("X-Doorward-Token", "");
    }
    response.raw_header("Cache-Control", "no-store").raw_header("Vary", "Cookie, Authorization");
    response.ok()
}

/// What a header cannot hold is percent-encoded.
fn encoded(text: &str) -> String {
    percent_encoded(text, |byte| matches!(byte, 0x20..=0x7e))
}
