//! What is noted of requests that are not let through, for those who wonder why.

use std::sync::Arc;

use rocket::Request;
use rocket::http::Status;

use super::answer::Answer;
use crate::base::host::{Authority, Scheme};
use crate::domain::applications::Found;
use crate::domain::applications::decide::{Reason, decide};
use crate::domain::applications::question::{HOST, METHOD, URI, Unread};
use crate::domain::applications::sightings::{Cause, Problem, Refused, TokenFault, shortened};
use crate::service::Doorward;
use crate::web::guarding::site::peer;
use crate::web::request::cookies::Received;
use crate::web::request::now::Now;
use crate::web::request::request_id::RequestId;

/// The status and the name of an answer to a question that is none.
pub fn status_of(cause: Cause) -> (Status, &'static str) {
    match cause {
        Cause::UntrustedProxy => (Status::Forbidden, "untrusted_proxy"),
        Cause::Unread(Unread::NotHttps) => (Status::BadRequest, "not_https"),
        Cause::Unread(_) => (Status::BadRequest, "bad_request"),
        Cause::WrongApplication => (Status::Forbidden, "wrong_application"),
        _ => (Status::Forbidden, "unknown_application"),
    }
}

/// The status of an answer to a script whose token is refused.
pub fn status_of_token(fault: TokenFault) -> Status {
    if fault.is_of_use() { Status::Forbidden } else { Status::Unauthorized }
}

/// Notes a request that is not let through.
pub fn refused(request: &Request<'_>, answer: &Answer) {
    let (found, question, cause) = match answer {
        Answer::SignIn(found, question, _, cause) => (found, question, *cause),
        Answer::Forbidden(found, question, reason, _) => (found, question, Cause::Refused(*reason)),
        Answer::NoToken(found, question, fault) => (found, question, Cause::Token(*fault)),
        // That of a proxy that is not trusted is noted once a minute.
        Answer::Wrong(cause, _) if *cause != Cause::UntrustedProxy => {
            return note_wrong(request, *cause);
        }
        Answer::Wrong(..) | Answer::Allow(..) | Answer::Unavailable => return,
    };
    let status = match cause {
        Cause::Refused(Reason::Path(_)) => Status::BadRequest,
        Cause::Refused(_) => Status::Forbidden,
        Cause::Token(fault) => status_of_token(fault),
        _ if question.nature.is_navigation && matches!(&*question.method, "GET" | "HEAD") => {
            Status::SeeOther
        }
        _ => Status::Unauthorized,
    };
    let doorward = Doorward::of(request);
    let mut refused = about(request, cause, status);
    refused.is_script = status == Status::Unauthorized && !question.nature.is_navigation;
    let rules = decide(&found.application, question, None, refused.at).asked.len();
    refused.has_several_rules = rules > 1;
    doorward.sightings.note_refused(found.id, refused);
}

/// Notes a request that is let through, and that the proxy refuses.
pub fn refused_by_proxy(request: &Request<'_>, found: &Found) {
    let doorward = Doorward::of(request);
    let refused = about(request, Cause::RefusedByProxy, Status::Forbidden);
    doorward.sightings.note_refused(found.id, refused);
}

/// Notes that somebody asks who may not. Returns the address.
pub fn untrusted(request: &Request<'_>) -> String {
    let peer = peer(request).map(|peer| peer.to_string()).unwrap_or_default();
    if Doorward::of(request).sightings.tells_of_untrusted(Now::of(request)) {
        tracing::warn!(id = RequestId::of(request), peer, "check.untrusted_proxy");
        note_wrong(request, Cause::UntrustedProxy);
    } else {
        note_problem(request, Cause::UntrustedProxy);
    }
    peer
}

/// Notes a question that is none, for the application that the proxy asks for.
fn note_wrong(request: &Request<'_>, cause: Cause) {
    note_problem(request, cause);
    if let Some(named) = named(request) {
        let refused = about(request, cause, status_of(cause).0);
        Doorward::of(request).sightings.note_refused(named.id, refused);
    }
}

/// Notes what the operator has to correct.
fn note_problem(request: &Request<'_>, cause: Cause) {
    let Some(problem) = cause.problem() else { return };
    let doorward = Doorward::of(request);
    let asked = request.headers().get_one(HOST);
    let asked = asked.and_then(|host| Authority::parse(host, Scheme::Https));
    let catalog = doorward.applications.current();
    let found = asked.as_ref().and_then(|host| catalog.by_host(host));
    let host = match (problem, &asked, found) {
        (_, Some(host), Some(found)) => found.application.host_of(host),
        (Problem::UnknownHost | Problem::UnknownApplication, Some(host), None) => host.to_string(),
        // What it says of hosts is its own.
        _ => String::new(),
    };
    let application = match problem {
        Problem::UntrustedProxy | Problem::NotHttps => found.cloned(),
        _ => named(request),
    };
    let place = (host, application.map(|application| application.id));
    doorward.sightings.note_problem(problem, place, peer(request), Now::of(request));
}

/// The application that the proxy asks for.
fn named(request: &Request<'_>) -> Option<Arc<Found>> {
    let slug = request.param::<&str>(2)?.ok()?;
    Doorward::of(request).applications.current().by_slug(slug).cloned()
}

fn about(request: &Request<'_>, cause: Cause, status: Status) -> Refused {
    let header = |name| request.headers().get_one(name).unwrap_or_default();
    let short = |name| shortened(header(name)).chars().take(32).collect::<String>();
    Refused {
        at: Now::of(request),
        method: short(METHOD),
        path: shortened(header(URI)),
        answer: status.code,
        cause,
        is_script: false,
        has_several_rules: false,
        destination: short("Sec-Fetch-Dest"),
        cookies: Received::of(request).names(),
    }
}
