//! `/.doorward/enter`: the beginning of the handshake. The browser is given a
//! nonce for this host and led to our own, where it is signed in.

use rocket::http::Status;
use rocket::{Route, get, routes};
use time::Duration;

use super::cookies::Cookies;
use crate::domain::applications::decide::{Verdict, decide};
use crate::domain::applications::question::Question;
use crate::domain::entries::{Nonce, State, Target};
use crate::web::answer::failure::Failure;
use crate::web::answer::redirect::SeeOther;
use crate::web::guarding::notice::{Notice, Shown};
use crate::web::guarding::site::{Site, scheme_of};
use crate::web::guarding::visitor;
use crate::web::request::cookies::Cookie;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![enter]
}

/// A nonce is kept for so long.
const NONCE_LIFE: Duration = Duration::hours(1);

#[get("/.doorward/enter?<to>&<attempt>")]
async fn enter(
    to: Option<&str>,
    attempt: Option<u8>,
    site: Site,
    cookies: Cookies<'_>,
    doorward: &Service,
    now: Now,
) -> Result<Shown, Failure> {
    let target = to.and_then(Target::parse).unwrap_or_default();
    let attempt = attempt.unwrap_or(0);
    let name = &site.found.application.name;
    if is_allowed(doorward, &site, &target, now).await? {
        // To redirect would lead back at once where the proxy
        // hides the cookie from the check.
        let page = Notice::elsewhere(Status::Ok, format!("Going on to {name}"))
            .saying("You are signed in.")
            .saying("If this page keeps coming back, the proxy does not show Doorward your cookie.")
            .onward("Continue", target.to_string(), 2)
            .link("See what arrives of this browser", "/.doorward/explain");
        return Ok(Shown::Page(Box::new(page)));
    }
    let nonce = site.nonce.as_deref().and_then(Nonce::parse).unwrap_or_else(Nonce::fresh);
    cookies.0.set(Cookie::Nonce, &nonce.text(), Some(NONCE_LIFE));
    let challenge = nonce.challenge();
    let state = State::new(target, attempt, now.0).sign(&doorward.keys, &site.host, challenge);
    let base = doorward.settings.base_url.as_str();
    let on =
        format!("{base}/enter?host={}&challenge={}&state={state}", site.host, challenge.text());
    if site.is_from_itself {
        // To redirect would be blocked by the page's own `form-action`.
        let page = Notice::elsewhere(Status::Ok, "Going on to sign in").onward("Continue", on, 0);
        return Ok(Shown::Page(Box::new(page)));
    }
    Ok(Shown::Elsewhere(Box::new(SeeOther::at(on))))
}

/// Whether the check would let this browser in there.
async fn is_allowed(
    doorward: &Service,
    site: &Site,
    target: &Target,
    now: Now,
) -> Result<bool, Failure> {
    let place = (&*site.found, &site.host);
    let known = visitor::visitor(doorward, place, site.entry.as_deref(), now.0).await?;
    let Ok(held) = known else { return Ok(false) };
    let at = (scheme_of(doorward, &site.host), site.host.clone());
    let question = Question::of_navigation(at, target.to_string(), None);
    let visitor = visitor::known(&held.subject);
    let verdict = decide(&site.found.application, &question, Some(visitor), now.0).verdict;
    Ok(verdict == Verdict::Allow && !held.is_to_be_renewed(now.0))
}
