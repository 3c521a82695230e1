//! What is noted of requests that are not let through, for those who wonder why.

use rocket::Request;
use rocket::http::Status;

use super::answer::Answer;
use crate::domain::applications::Found;
use crate::domain::applications::decide::{Reason, decide};
use crate::domain::applications::question::{METHOD, Question, URI};
use crate::domain::applications::sightings::{Cause, Refused, TokenFault, shortened};
use crate::service::Doorward;
use crate::web::request::cookies::Received;
use crate::web::request::now::Now;
use crate::web::request::request_id::RequestId;

/// The status and the name of an answer to a question that is none.
pub fn status_of(cause: Cause) -> (Status, &'static str) {
    use crate::domain::applications::question::Unread;
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
            return note(request, None, *cause, status_of(*cause).0);
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
    note(request, Some((found, question)), cause, status);
}

/// Notes a request that is let through, and that the proxy refuses.
pub fn refused_by_proxy(request: &Request<'_>, found: &Found) {
    let doorward = Doorward::of(request);
    let refused = about(request, Cause::RefusedByProxy, Status::Forbidden);
    doorward.sightings.note_refused(found.id, refused);
}

/// Notes that somebody asks who may not. Returns the address.
pub fn untrusted(request: &Request<'_>) -> String {
    let peer = request.remote().map(|peer| peer.ip().to_canonical().to_string());
    let peer = peer.unwrap_or_default();
    if Doorward::of(request).sightings.tells_of_untrusted(Now::of(request)) {
        tracing::warn!(id = RequestId::of(request), peer, "check.untrusted_proxy");
        note(request, None, Cause::UntrustedProxy, Status::Forbidden);
    }
    peer
}

fn note(request: &Request<'_>, asked: Option<(&Found, &Question)>, cause: Cause, status: Status) {
    let doorward = Doorward::of(request);
    let mut refused = about(request, cause, status);
    let application = match asked {
        Some((found, question)) => {
            refused.is_script = status == Status::Unauthorized && !question.nature.is_navigation;
            let now = refused.at;
            let rules = decide(&found.application, question, None, now).asked.len();
            refused.has_several_rules = rules > 1;
            Some(found.id)
        }
        // The one that the proxy asks for.
        None => request
            .param::<&str>(2)
            .and_then(Result::ok)
            .and_then(|slug| doorward.applications.current().by_slug(slug).map(|found| found.id)),
    };
    if let Some(application) = application {
        doorward.sightings.note_refused(application, refused);
    }
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
