//! What an application is told about its visitor: the headers that the proxy
//! takes from the answer of the check.

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Response};

use crate::base::percent::percent_encoded;
use crate::domain::applications::Application;
use crate::domain::entries::Held;

/// The answer that lets a request pass. Every header, always: what is missing would stay as the client sent it.
pub fn allowed(
    request: &Request<'_>,
    (held, assertion): (Option<&Held>, Option<&str>),
    application: &Application,
) -> response::Result<'static> {
    let mut response = Response::build();
    response.status(Status::Ok);
    let told = held.filter(|_| application.identity.has_headers());
    let groups = told.map(|held| held.roles.names().collect::<Vec<_>>().join(","));
    let name = told.map(|held| match &*held.display_name {
        "" => &held.username,
        _ => &held.display_name,
    });
    // Nobody has confirmed any address yet.
    let email = told.filter(|_| application.unverified_email).map(|held| &held.email);
    for (header, value) in [
        ("Remote-User", told.map(|held| &*held.username)),
        ("Remote-Groups", groups.as_deref()),
        ("Remote-Name", name.map(|name| &**name)),
        ("Remote-Email", email.map(|email| &**email)),
        ("X-Doorward-Assertion", assertion),
    ] {
        response.raw_header(header, encoded(value.unwrap_or_default()));
    }
    if let Some(authorization) = request.headers().get_one("authorization") {
        response.raw_header("Authorization", authorization.to_owned());
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
