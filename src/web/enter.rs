//! `/enter`: the part of the handshake on our own host. Somebody who is signed
//! in is given a code for the application they came from.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{Route, get, routes};

use crate::base::host::Authority;
use crate::domain::accounts::permissions::BUILT_IN;
use crate::domain::applications::Found;
use crate::domain::applications::decide::{Verdict, Visitor, decide};
use crate::domain::applications::question::Question;
use crate::domain::entries::{self, Challenge, State, Target};
use crate::service::{Doorward, words};
use crate::web::answer::failure::Failure;
use crate::web::answer::redirect::SeeOther;
use crate::web::form::return_to::OwnPage;
use crate::web::guarding::notice::{Notice, Shown};
use crate::web::guarding::site::{authority, scheme_of};
use crate::web::request::caller::Caller;
use crate::web::request::guards::LiveSession;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![enter, on]
}

/// What a browser brings from an application.
struct Brought {
    found: Arc<Found>,
    host: Authority,
    challenge: Challenge,
    target: Target,
}

impl Brought {
    fn read(
        doorward: &Doorward,
        (host, challenge, state): (&str, &str, &str),
        now: Now,
    ) -> Option<Self> {
        let host = authority(doorward, host)?;
        let found = Arc::clone(doorward.applications.current().by_host(&host)?);
        let challenge = Challenge::parse(challenge)?;
        let target = State::read(state, &doorward.keys, &host, challenge, now.0)?.target;
        Some(Self { found, host, challenge, target })
    }
}

#[get("/enter?<host>&<challenge>&<state>")]
async fn enter(
    host: &str,
    challenge: &str,
    state: &str,
    who: LiveSession,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Shown, Failure> {
    let Some(brought) = Brought::read(doorward, (host, challenge, state), now) else {
        let page = Notice::here(Status::Forbidden, "This link has expired")
            .saying("The address of this page is incomplete, or it is more than an hour old. Open the application again.")
            .link("Go to your account", "/account");
        return Ok(Shown::Page(Box::new(page)));
    };
    let here = format!("/enter?host={host}&challenge={challenge}&state={state}");
    match verdict(doorward, &who, &brought, &caller, now) {
        Verdict::ConfirmFirst => {
            let back = OwnPage::parse(&here).unwrap_or_default();
            return Ok(Shown::Elsewhere(Box::new(SeeOther::at(format!(
                "/confirm?next={}",
                back.encoded()
            )))));
        }
        Verdict::Refused(reason) => {
            let name = &brought.found.application.name;
            let page = Notice::here(Status::Forbidden, "You don't have access")
                .saying(format!("{name}: {}", words::reason(reason)))
                .saying(format!("You are signed in as {}.", who.account.username))
                .link(
                    "Use another account",
                    format!("/leave?application={}", brought.found.application.slug),
                )
                .link("Go to your account", "/account");
            return Ok(Shown::Page(Box::new(page)));
        }
        Verdict::Allow | Verdict::SignInFirst => {}
    }
    let place = (brought.found.id, &brought.host);
    let sid = who.principal.session;
    let code =
        entries::code(&doorward.db, sid, place, brought.challenge, now.0).await.map_err(busy)?;
    let scheme = scheme_of(doorward, &brought.host).name();
    let host = &brought.host;
    Ok(Shown::Elsewhere(Box::new(SeeOther::at(format!(
        "{scheme}://{host}/.doorward/callback?code={code}&state={state}"
    )))))
}

fn busy(error: crate::base::error::Error) -> Failure {
    use crate::base::error::Error;
    match error {
        Error::Refused(_) => Failure::Status(Status::TooManyRequests),
        other => other.into(),
    }
}

/// Whether the check will let this person in there.
fn verdict(
    doorward: &Doorward,
    who: &LiveSession,
    brought: &Brought,
    caller: &Caller,
    now: Now,
) -> Verdict {
    let at = (scheme_of(doorward, &brought.host), brought.host.clone());
    let address = caller.0.address.parse().ok();
    let question = Question::of_navigation(at, brought.target.to_string(), address);
    let confirmed_at = who.principal.auth.at;
    let decided = |roles| {
        let visitor = Visitor { roles, confirmed_at: Some(confirmed_at) };
        decide(&brought.found.application, &question, Some(visitor), now.0).verdict
    };
    let verdict = decided(&who.account.roles);
    // What came with a role of staff waits for the password.
    if who.account.was_raised_after(confirmed_at) && verdict == Verdict::Allow {
        let plain = who.account.roles.without(&BUILT_IN);
        if decided(&plain) != Verdict::Allow {
            return Verdict::ConfirmFirst;
        }
    }
    verdict
}

/// Where somebody arrives after a form: a page, because browsers hold the whole
/// chain of redirects after a form against its `form-action`.
#[get("/enter/on?<host>&<challenge>&<state>")]
fn on(
    host: &str,
    challenge: &str,
    state: &str,
    _who: LiveSession,
    doorward: &Service,
    now: Now,
) -> Notice {
    let brought = Brought::read(doorward, (host, challenge, state), now);
    let name = brought
        .map_or("the application".to_owned(), |brought| brought.found.application.name.clone());
    let to = format!("/enter?host={host}&challenge={challenge}&state={state}");
    let to = OwnPage::parse(&to).unwrap_or_default().to_string();
    Notice::here(Status::Ok, format!("Going on to {name}")).onward("Continue", to, 0)
}
