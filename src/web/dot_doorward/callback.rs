//! `/.doorward/callback`: the end of the handshake. The browser brings the code
//! that was made for it, and is given the cookie of its entry.

use rocket::http::Status;
use rocket::{Route, get, routes};

use super::cookies::Cookies;
use crate::domain::entries::{self, NoEntry, Nonce, State};
use crate::web::answer::failure::Failure;
use crate::web::answer::redirect::SeeOther;
use crate::web::guarding::notice::{Notice, Shown};
use crate::web::guarding::site::Site;
use crate::web::guarding::visitor;
use crate::web::request::caller::Caller;
use crate::web::request::cookies::Cookie;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![callback]
}

#[get("/.doorward/callback?<code>&<state>")]
async fn callback(
    code: &str,
    state: &str,
    site: Site,
    cookies: Cookies<'_>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Shown, Failure> {
    let challenge = site.nonce.as_deref().and_then(Nonce::parse).map(|nonce| nonce.challenge());
    let read = challenge
        .and_then(|challenge| State::read(state, &doorward.keys, &site.host, challenge, now.0));
    let place = (site.found.id, &site.host);
    // Without a good state nobody has asked for this; the code is used up all the same.
    let browser = challenge.filter(|_| read.is_some());
    let entered =
        entries::enter(&doorward.sessions, code, place, browser, &caller.0, now.0).await?;
    let target = read.as_ref().map(|state| state.target.clone()).unwrap_or_default();
    let on = |to: String| Ok(Shown::Elsewhere(Box::new(SeeOther::at(to))));
    let why = match entered {
        Ok(entry) => {
            let host = site.host.to_string();
            let value = entries::issue_cookie(&doorward.keys, entry.id, &host);
            cookies.0.set(Cookie::Entry, &value, entry.remembered);
            return on(target.to_string());
        }
        Err(why) => why,
    };
    // A second tab, or the button back: this browser has entered meanwhile.
    let known =
        visitor::visitor(doorward, (&site.found, &site.host), site.entry.as_deref(), now.0).await?;
    if known.is_ok() {
        return on(target.to_string());
    }
    let attempt = read.as_ref().map_or_else(|| State::attempt_in(state), |state| state.attempt);
    let attempt = attempt.saturating_add(1);
    if attempt < State::MOST_ATTEMPTS {
        return on(format!("/.doorward/enter?to={}&attempt={attempt}", target.encoded()));
    }
    // Of a code that was never made, anybody can say that they tried it often.
    if why != NoEntry::Unknown {
        tracing::warn!(id = caller.0.request_id, ?why, host = %site.host, "enter.loop");
        site.note_loop(doorward, &target, now.0);
    }
    Ok(Shown::Page(Box::new(stuck(&site, why))))
}

/// It was tried several times. What can be seen of the cause.
fn stuck(site: &Site, why: NoEntry) -> Notice {
    let name = &site.found.application.name;
    let cause = match (why, &site.nonce) {
        (_, None) => {
            "Your browser sent no cookie back. Cookies may be blocked for this site, or it was opened without https."
        }
        (NoEntry::Used, _) => {
            "Each code to enter was used before it arrived here. Does something between this browser and the server open links twice?"
        }
        (NoEntry::Foreign, _) => {
            "The codes to enter were made for another browser or another host."
        }
        (NoEntry::Unknown, _) => {
            "The codes to enter arrived more than a minute late, or at another server than they were made at."
        }
        (NoEntry::SessionOver, _) => "You were signed out meanwhile.",
    };
    Notice::elsewhere(Status::Forbidden, format!("{name} cannot be entered"))
        .saying(cause)
        .link("Try again", "/.doorward/enter")
        .link("See what arrives of this browser", "/.doorward/explain")
}
