//! `/.doorward/explain`: what arrives of this very browser, and what that
//! leads to. Strangers read it, too: it names no rule, and roles to their owner only.

use rocket::http::Status;
use rocket::{Route, get, routes};

use crate::domain::applications::decide::decide;
use crate::domain::applications::question::Question;
use crate::service::words;
use crate::web::answer::failure::Failure;
use crate::web::guarding::notice::Notice;
use crate::web::guarding::site::{Site, scheme_of};
use crate::web::guarding::visitor;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![explain]
}

#[get("/.doorward/explain")]
async fn explain(
    site: Site,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Notice, Failure> {
    let name = &site.found.application.name;
    let place = (&*site.found, &site.host);
    let known = visitor::visitor(doorward, place, site.entry.as_deref(), now.0).await?;
    let at = (scheme_of(doorward, &site.host), site.host.clone());
    let question = Question::of_navigation(at, "/".to_owned(), caller.0.address.parse().ok());
    let visitor = known.as_ref().ok().map(|held| visitor::known(&held.subject));
    let verdict = decide(&site.found.application, &question, visitor, now.0).verdict;
    let cookies = match &*site.cookies {
        [] => "None".to_owned(),
        names => names.join(", "),
    };
    let identity = &site.found.application.identity;
    let is_told_nothing = !identity.has_headers() && !identity.has_assertion();
    let (who, roles) = match &known {
        // The pages of the application can read this one, too.
        Ok(_) if is_told_nothing => ("Yes. This application is not told who.".to_owned(), None),
        Ok(held) => {
            let roles: Vec<&str> = held.subject.roles.names().collect();
            let roles = if roles.is_empty() { "None".to_owned() } else { roles.join(", ") };
            (held.subject.username.to_string(), Some(roles))
        }
        Err(stranger) => (format!("Nobody. {}", words::cause(stranger.cause())), None),
    };
    let mut page = Notice::elsewhere(Status::Ok, format!("Your browser at {name}"))
        .saying("What arrives here of this browser. If you need help, show this page to an administrator.")
        .fact("Signed in", who);
    if let Some(roles) = roles {
        page = page.fact("Roles", roles);
    }
    let page = page
        .fact("Start page", words::verdict(verdict))
        .fact("Cookies of Doorward", cookies)
        .fact("Host", site.host.to_string())
        .fact("Scheme, as the proxy says", site.scheme.unwrap_or_else(|| "None".to_owned()))
        .fact("Your IP address", caller.0.address)
        .fact(
            "IP address of the proxy",
            site.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        );
    Ok(page.link(format!("Open {name}"), "/"))
}
