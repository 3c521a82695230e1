//! `/auth/verify/<slug>`: the check. A proxy asks it about every request to an
//! application, in headers (`X-Forwarded-*`), and passes the request on if the
//! answer is 200. No query is asked of the database for it.
//!
//! nginx cannot show another answer than 200, 401 and 403, so it asks a second
//! address that never redirects, and fetches what its visitor is to see from a third.

use std::net::IpAddr;
use std::sync::Arc;

use rocket::http::{Header, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder, Response};
use rocket::{Route, get, routes};
use serde_json::json;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::applications::decide::{Reason, Verdict, decide};
use crate::domain::applications::question::Question;
use crate::domain::applications::sightings::{Cause, TokenFault};
use crate::domain::applications::{Application, Catalog, Found};
use crate::domain::audit::RequestSource;
use crate::domain::entries::Target;
use crate::service::{Doorward, words};
use crate::web::auth::answer::Answer;
use crate::web::auth::noted;
use crate::web::auth::script::by_token;
use crate::web::auth::told::allowed;
use crate::web::guarding::asked;
use crate::web::guarding::notice::Notice;
use crate::web::guarding::site::{is_by_trusted_proxy, peer};
use crate::web::guarding::token::{self, PresentedToken};
use crate::web::guarding::visitor::{self, Sender, Stranger};
use crate::web::request::caller::Caller;
use crate::web::request::cookies::{Cookie, Received};
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![verify, verify_for_nginx, refusal]
}

/// A request of a proxy, with all that its answer depends on but the address.
struct Check {
    question: Result<Question, Answer>,
    catalog: Option<Arc<Catalog>>,
    entry: Option<String>,
    token: Option<(Result<PresentedToken, TokenFault>, RequestSource)>,
    peer: Option<IpAddr>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Check {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let doorward = Doorward::of(request);
        let ours = &doorward.settings.base_url;
        if request.headers().get("host").any(|host| ours.has_the_host_of(host)) {
            return Outcome::Error((Status::NotFound, ()));
        }
        let question = if is_by_trusted_proxy(request) {
            asked::question(request)
                .map_err(|why| Answer::Wrong(Cause::Unread(why), why.to_string()))
        } else {
            let peer = noted::untrusted(request);
            let why = format!("Only proxies in trusted_proxies may ask; {peer} is not.");
            Err(Answer::Wrong(Cause::UntrustedProxy, why))
        };
        let catalog = match doorward.applications.fresh() {
            Some(catalog) => Some(catalog),
            None => {
                let read = doorward.applications.sync(doorward.db.read()).await;
                read.ok().map(|()| doorward.applications.current())
            }
        };
        let entry = Received::of(request).get(Cookie::Entry).map(str::to_owned);
        let token = token::shown(request).map(|token| (token, Caller::of(request).clone()));
        let peer = peer(request);
        Outcome::Success(Self { question, catalog, entry, token, peer })
    }
}

impl Check {
    async fn answer(self, slug: &str, doorward: &Doorward, now: Timestamp) -> Answer {
        let answer = match self.judged(slug, doorward, now).await {
            Ok(answer) | Err(answer) => answer,
        };
        metrics::counter!("doorward_checks_total", "answer" => answer.name()).increment(1);
        answer
    }

    async fn judged(
        self,
        slug: &str,
        doorward: &Doorward,
        now: Timestamp,
    ) -> Result<Answer, Answer> {
        let question = self.question?;
        let Some(catalog) = self.catalog else {
            // What was public when they were last read stays so for somebody without a cookie.
            let public = doorward.applications.current().open_to_strangers(slug, &question, now);
            let public = public.filter(|_| self.entry.is_none()).ok_or(Answer::Unavailable)?;
            return Ok(Answer::Allow(None, None, public));
        };
        let named = catalog.by_slug(slug);
        let found = catalog.by_host(&question.host);
        let (Some(named), Some(found)) = (named, found) else {
            return Err(match named {
                None => {
                    let why = format!("There is no application {slug}.");
                    Answer::Wrong(Cause::UnknownApplication, why)
                }
                Some(_) => {
                    let why = format!("{} is not a host of {slug}.", question.host);
                    Answer::Wrong(Cause::UnknownHost, why)
                }
            });
        };
        // What the proxy guards is its operator's word, not the visitor's.
        if named.id != found.id {
            let why = format!("{} is a host of another application than {slug}.", question.host);
            return Err(Answer::Wrong(Cause::WrongApplication, why));
        }
        // A token decides alone where somebody is asked for, and elsewhere not at all.
        if let Some((token, origin)) = self.token
            && decide(&found.application, &question, None, now).verdict == Verdict::SignInFirst
        {
            let place = (Arc::clone(found), question.host.clone());
            let asked = (Arc::clone(found), question);
            let answer = Box::pin(by_token(doorward, asked, token, &origin, now)).await;
            let is_allowed = matches!(answer, Ok(Answer::Allow(..)));
            doorward.sightings.note_asked((&place.0, &place.1), self.peer, is_allowed, now);
            return answer;
        }
        let place = (&**found, &question.host);
        let read = visitor::visitor(doorward, place, self.entry.as_deref(), now).await;
        let known = read.map_err(|error| {
            tracing::error!(%error, "cannot tell who asks for an application");
            Answer::Unavailable
        })?;
        let held = known.as_ref().ok();
        let visitor = held.map(|held| visitor::known(&held.subject));
        let decision = decide(&found.application, &question, visitor, now);
        let is_allowed = decision.verdict == Verdict::Allow;
        doorward.sightings.note_asked(place, self.peer, is_allowed, now);
        let found = Arc::clone(found);
        let is_old = held.is_some_and(|held| held.is_to_be_renewed(now));
        let goes_to_a_page = question.nature.is_navigation && question.only_reads();
        Ok(match decision.verdict {
            Verdict::Allow if is_old && goes_to_a_page && !decision.is_public() => {
                Answer::SignIn(found, Box::new(question), Verdict::SignInFirst, Cause::EntryOld)
            }
            Verdict::Allow => {
                if let Some(held) = held {
                    doorward.sessions.note_use(held.session, now);
                }
                let sender = known.ok().map(Sender::Entered);
                Answer::allow(doorward, (sender, found), &question.origin(), now)?
            }
            Verdict::Refused(reason) => {
                let sender = known.ok().map(Sender::Entered);
                Answer::Forbidden(found, Box::new(question), reason, sender)
            }
            first => {
                let cause = known.err().map_or(Cause::PasswordTooOld, Stranger::cause);
                tracing::debug!(?cause, application = slug, "check.over");
                Answer::SignIn(found, Box::new(question), first, cause)
            }
        })
    }
}

/// The whole answer, for proxies that show it to the visitor.
struct Whole(Answer);

#[get("/auth/verify/<slug>")]
async fn verify(slug: &str, check: Check, doorward: &Service, now: Now) -> Whole {
    Whole(check.answer(slug, doorward, now.0).await)
}

/// The status alone.
struct Bare(Answer);

#[get("/auth/verify/<slug>/nginx")]
async fn verify_for_nginx(slug: &str, check: Check, doorward: &Service, now: Now) -> Bare {
    Bare(check.answer(slug, doorward, now.0).await)
}

/// What the visitor is shown after a refusal.
struct Shown(Answer);

#[get("/auth/verify/<slug>/refused")]
async fn refusal(slug: &str, check: Check, doorward: &Service, now: Now) -> Shown {
    Shown(check.answer(slug, doorward, now.0).await)
}

impl<'r> Responder<'r, 'static> for Whole {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        noted::refused(request, &self.0);
        whole(self.0, request)
    }
}

fn whole(answer: Answer, request: &Request<'_>) -> response::Result<'static> {
    match answer {
        Answer::Allow(sender, assertion, found) => {
            let told = (sender.as_ref(), assertion.as_deref());
            allowed(request, told, &found.application)
        }
        Answer::SignIn(found, question, verdict, _) => sign_in(request, &found, &question, verdict),
        Answer::Forbidden(found, question, reason, sender) => {
            forbidden(request, (&found, &question), reason, sender.as_ref())
        }
        Answer::NoToken(found, question, fault) => no_token(&found, &question, fault),
        Answer::Wrong(cause, why) => {
            let (status, code) = noted::status_of(cause);
            told(status, json!({ "error": code, "message": why })).ok()
        }
        Answer::Unavailable => {
            let body = json!({ "error": "unavailable" });
            told(Status::ServiceUnavailable, body).header(Header::new("Retry-After", "2")).ok()
        }
    }
}

impl<'r> Responder<'r, 'static> for Bare {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let status = match self.0 {
            Answer::SignIn(..) => Status::Unauthorized,
            Answer::Forbidden(..) => Status::Forbidden,
            Answer::NoToken(.., fault) => noted::status_of_token(fault),
            other => return Whole(other).respond_to(request),
        };
        noted::refused(request, &self.0);
        Response::build().status(status).ok()
    }
}

impl<'r> Responder<'r, 'static> for Shown {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        // The question before this one was noted already.
        let Answer::Allow(.., found) = self.0 else { return whole(self.0, request) };
        noted::refused_by_proxy(request, &found);
        // Never a redirect to the same address: it would be refused again.
        let name = &found.application.name;
        let asked = asked::question(request).ok();
        // `//host/path` would lead to another site.
        let again = asked.and_then(|question| Target::parse(&question.uri)).unwrap_or_default();
        let notice = Notice::elsewhere(Status::Forbidden, "You don't have access")
            .saying(format!("The proxy in front of {name} refused this. Doorward did not."))
            .link("Try again", again.to_string());
        notice.respond_to(request)
    }
}

fn sign_in(
    request: &Request<'_>,
    found: &Found,
    question: &Question,
    verdict: Verdict,
) -> response::Result<'static> {
    let target = Target::parse(&question.uri).unwrap_or_default();
    let enter = format!("{}/.doorward/enter?to={}", question.origin(), target.encoded());
    let is_navigation = question.nature.is_navigation;
    if is_navigation && matches!(&*question.method, "GET" | "HEAD") {
        return Response::build()
            .status(Status::SeeOther)
            .header(Header::new("Location", enter))
            .ok();
    }
    if is_navigation {
        return form_is_kept(request, &found.application, question, verdict).respond_to(request);
    }
    let code = match verdict {
        Verdict::ConfirmFirst => "confirm_required",
        _ => "login_required",
    };
    told(Status::Unauthorized, json!({ "error": code, "enter": enter }))
        .header(challenge(&found.application, question))
        .ok()
}

/// What a client without a cookie may show.
fn challenge(application: &Application, question: &Question) -> Header<'static> {
    let realm = &application.slug;
    let challenge = if application.challenge_basic && question.nature.is_tool {
        format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")
    } else {
        format!("Bearer realm=\"{realm}\"")
    };
    Header::new("WWW-Authenticate", challenge)
}

/// Never a page and never a redirect: what shows a token is a script.
fn no_token(found: &Found, question: &Question, fault: TokenFault) -> response::Result<'static> {
    let status = noted::status_of_token(fault);
    let code = if status == Status::Forbidden { "forbidden" } else { "invalid_token" };
    let mut answer = told(status, json!({ "error": code, "message": words::fault(fault) }));
    if status == Status::Unauthorized {
        answer.header(challenge(&found.application, question));
    }
    answer.ok()
}

/// A form was sent after the entry ended. The browser still has it.
fn form_is_kept(
    request: &Request<'_>,
    application: &Application,
    question: &Question,
    verdict: Verdict,
) -> Notice {
    let page = Notice::elsewhere(Status::Unauthorized, "Your form was not sent yet");
    if !asked::is_own_form(request, &question.origin()) {
        return page
            .saying("This form came from another site, and browsers keep back who you are with such a form.")
            .saying(format!(
                "If {} expects forms from elsewhere, as for payments, its operator has to make this address public.",
                application.name
            ));
    }
    let (why, step) = match verdict {
        Verdict::ConfirmFirst => {
            ("Your password is asked for again before this.", "Confirm your password")
        }
        _ => ("You were signed out before this form arrived.", "Sign in"),
    };
    page.saying(format!("{why} Nothing is lost."))
        .step_in_new_tab(format!("{step} (opens a new tab)"), "/.doorward/enter?to=%2F.doorward%2Fentered")
        .step("Come back to this page and reload it. Your browser asks whether to send the form again: confirm.")
}

fn forbidden(
    request: &Request<'_>,
    (found, question): (&Found, &Question),
    reason: Reason,
    sender: Option<&Sender>,
) -> response::Result<'static> {
    let is_bad = matches!(reason, Reason::Path(_));
    let status = if is_bad { Status::BadRequest } else { Status::Forbidden };
    let is_script = matches!(sender, Some(Sender::Script(_)));
    if !question.nature.is_navigation || is_bad || is_script {
        let code = if is_bad { "bad_request" } else { "forbidden" };
        let body = json!({ "error": code, "message": words::reason(reason) });
        return told(status, body).ok();
    }
    let mut page = Notice::elsewhere(status, "You don't have access").saying(format!(
        "{}: {}",
        found.application.name,
        words::reason(reason)
    ));
    if let Some(sender) = sender {
        page = page
            .saying(format!("You are signed in as {}.", sender.subject().username))
            .link("Use another account", "/.doorward/leave");
    }
    page.respond_to(request)
}

fn told(status: Status, body: serde_json::Value) -> response::Builder<'static> {
    let text = body.to_string();
    let mut response = Response::build();
    response
        .status(status)
        .header(rocket::http::ContentType::JSON)
        .sized_body(text.len(), std::io::Cursor::new(text));
    response
}
