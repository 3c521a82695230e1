//! `/account/sessions`: where somebody is signed in, and ending it elsewhere.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;
use serde::Serialize;
use uuid::Uuid;

use crate::base::error::Error;
use crate::domain::applications::{Catalog, Found};
use crate::domain::entries;
use crate::domain::sessions::{self, Session, SessionId};
use crate::domain::throttle;
use crate::web::answer::failure::{Failure, RetryAfter};
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::{LOGGED_OUT, SeeOther};
use crate::web::answer::view::SessionView;
use crate::web::form::submitted::{Button, Submitted};
use crate::web::guarding::named::named;
use crate::web::request::caller::Caller;
use crate::web::request::guards::{LiveSession, RecentlySignedIn, SignedIn};
use crate::web::request::identity::ShownToken;
use crate::web::request::known_browser::KnownBrowser;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![sessions_page, revoke, revoke_others, leave]
}

/// After ending one other session.
const SESSION_ENDED: Message = Message::done("session-ended", "That session was signed out.");
/// After ending all other sessions.
const OTHERS_ENDED: Message = Message::done("others-ended", "All other sessions were signed out.");
/// After leaving an application with one session.
const LEFT: Message =
    Message::done("session-left", "That session is signed out of the application.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[SESSION_ENDED, OTHERS_ENDED, LEFT];

/// An application that a session has entered.
#[derive(Serialize)]
struct Entered {
    slug: String,
    name: String,
}

/// A session with whether it is the one that asks, and what it has entered.
#[derive(Serialize)]
struct Row {
    this: bool,
    entered: Vec<Entered>,
    #[serde(flatten)]
    session: SessionView,
}

impl Row {
    fn of(session: Session, this: SessionId, entries: &[(SessionId, Uuid)], all: &Catalog) -> Self {
        let is_entered = |found: &&Arc<Found>| entries.contains(&(session.sid, found.id));
        let told = |found: &Arc<Found>| Entered {
            slug: found.application.slug.clone(),
            name: found.application.name.clone(),
        };
        let entered = all.all().iter().filter(is_entered).map(told).collect();
        Self { this: session.sid == this, entered, session: session.into() }
    }
}

#[get("/account/sessions")]
async fn sessions_page(
    who: SignedIn,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let live = sessions::live_of(doorward.db.read(), who.0.account, now.0).await?;
    let sids: Vec<SessionId> = live.iter().map(|session| session.sid).collect();
    let entries = entries::entered(doorward.db.read(), &sids, now.0).await?;
    let catalog = doorward.applications.current();
    let row = |session| Row::of(session, who.0.session, &entries, &catalog);
    let mut rows: Vec<Row> = live.into_iter().map(row).collect();
    rows.sort_by_key(|row| !row.this);
    Ok(page.in_section("sessions").render("my_sessions.html", context! { sessions: rows }))
}

fn retry(page: Page) -> Html {
    page.in_section("sessions").render("retry.html", context! { back: "/account/sessions" })
}

#[post("/account/sessions/<sid>/revoke", data = "<button>")]
async fn revoke(
    who: RecentlySignedIn,
    sid: &str,
    button: Submitted<Button>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    button.pressed(page, retry)?;
    let sid = SessionId::parse(sid).ok_or(Failure::Status(Status::NotFound))?;
    let RecentlySignedIn(live) = who;
    doorward.sessions.end_own(sid, live.acting(&caller, ""), now.0).await?;
    if sid == live.principal.session {
        return Ok(SeeOther::at("/login").saying(LOGGED_OUT).signed_out());
    }
    Ok(SeeOther::at("/account/sessions").saying(SESSION_ENDED))
}

#[expect(clippy::too_many_arguments, reason = "all that the request brought")]
#[post("/account/sessions/<sid>/leave/<slug>", data = "<button>")]
async fn leave(
    who: LiveSession,
    sid: &str,
    slug: &str,
    button: Submitted<Button>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    button.pressed(page, retry)?;
    let sid = SessionId::parse(sid).ok_or(Failure::Status(Status::NotFound))?;
    let which = (sid, named(doorward, slug)?.id);
    entries::leave(&doorward.sessions, &who.principal, which, &caller.0, now.0).await?;
    Ok(SeeOther::at("/account/sessions").saying(LEFT))
}

#[expect(clippy::too_many_arguments, reason = "all that the request brought")]
#[post("/account/sessions/revoke-others", data = "<button>")]
async fn revoke_others(
    who: RecentlySignedIn,
    shown: ShownToken,
    known: KnownBrowser,
    retry_after: RetryAfter,
    button: Submitted<Button>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    button.pressed(page, retry)?;
    let RecentlySignedIn(live) = who;
    let (credentials, actor) = (doorward.credentials(), live.acting(&caller, ""));
    let done = credentials.sign_out_others(shown.0.as_ref(), actor, now.0).await;
    if let Err(Error::Refused(refusal)) = done
        && let Some(wait) = throttle::refusals::wait_of(refusal)
    {
        retry_after.after(wait);
        return Err(Failure::Status(Status::TooManyRequests));
    }
    Ok(SeeOther::at("/account/sessions")
        .saying(OTHERS_ENDED)
        .with_tokens(done?)
        .still_known(live.account.id, known.0))
}
