//! `/admin/doctor`: whether all is in order, and what the server sees of the request.

use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Route, get, routes};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::service::doctor::{self, Finding};
use crate::service::setup::proxy::{Proxy, configuration};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::guarding::site::is_by_trusted_proxy;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Admin;

pub(super) fn routes() -> Vec<Route> {
    routes![doctor_page]
}

/// How this very request looks from here.
#[derive(Serialize)]
struct Seen {
    /// Whom the connection comes from.
    peer: String,
    /// Who that is, as far as proxies are trusted.
    client: String,
    forwarded: String,
    /// Whether the connection comes from a trusted proxy.
    trusted: bool,
    host: String,
    scheme: String,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Seen {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let all = |name: &str| request.headers().get(name).collect::<Vec<_>>().join(", ");
        let tls = request.rocket().config().tls_enabled();
        let peer = request.remote().map(|peer| peer.ip().to_canonical());
        let trusted = is_by_trusted_proxy(request);
        // Shown and nothing more: the scheme of links and cookies is that of base_url.
        let said = request.headers().get_one("x-forwarded-proto").filter(|_| trusted);
        Outcome::Success(Self {
            trusted,
            peer: peer.map(|peer| peer.to_string()).unwrap_or_default(),
            client: Caller::of(request).address.clone(),
            forwarded: all("x-forwarded-for"),
            host: all("host"),
            scheme: said.unwrap_or(if tls { "https" } else { "http" }).to_owned(),
        })
    }
}

/// A finding as the template draws it.
#[derive(Serialize)]
struct Row {
    state: &'static str,
    words: String,
}

impl From<Finding> for Row {
    fn from(finding: Finding) -> Self {
        let (state, words) = match finding {
            Finding::Good(words) => ("good", words),
            Finding::Look(words) => ("look", words),
            Finding::Mend(words) => ("mend", words),
        };
        Self { state, words }
    }
}

/// What the request itself shows.
fn of_request(
    seen: &Seen,
    base: &crate::service::settings::BaseUrl,
    shared: Option<String>,
) -> Vec<Finding> {
    let mut findings = vec![Finding::Good(
        "The cookies of your browser arrived, or you would not see this page.".to_owned(),
    )];
    let secure = base.as_str().starts_with("https:");
    findings.push(match (secure, seen.scheme.as_str()) {
        (true, "http") => Finding::Look(
            "This request came without TLS, while base_url begins with https. That is right only if a reverse proxy terminates TLS.".to_owned(),
        ),
        _ => Finding::Good(format!("The scheme is {}.", seen.scheme)),
    });
    findings.push(if !seen.forwarded.is_empty() && !seen.trusted {
        Finding::Mend(format!(
            "A proxy at {} sends X-Forwarded-For and is not trusted. If it is yours, set trusted_proxies = [\"{}\"].",
            seen.peer, seen.peer
        ))
    } else {
        Finding::Good(format!("Your address is {}.", seen.client))
    });
    findings.push(match shared {
        Some(address) => Finding::Mend(format!(
            "All clients of the last day share the address {address}: a reverse proxy is missing in trusted_proxies, so all of them are throttled as one."
        )),
        None => Finding::Good("Clients do not all share one address.".to_owned()),
    });
    findings
}

#[get("/doctor")]
async fn doctor_page(
    _who: Admin,
    seen: Seen,
    page: Page,
    doorward: &Service,
    config: &rocket::Config,
    now: Now,
) -> Result<Html, Failure> {
    let base = &doorward.settings.base_url;
    let shared = doctor::shared_address(doorward.db.read(), now.0).await?;
    let mut all = doctor::examine(doorward, now.0).await;
    all.extend(of_request(&seen, base, shared));
    let (passed, mut others): (Vec<Finding>, Vec<Finding>) =
        all.into_iter().partition(|finding| matches!(finding, Finding::Good(_)));
    others.sort_by_key(|finding| !matches!(finding, Finding::Mend(_)));
    let rows = |findings: Vec<Finding>| findings.into_iter().map(Row::from).collect::<Vec<_>>();
    let (findings, passed) = (rows(others), rows(passed));
    let fitting = |proxy| configuration(proxy, base.host(), config.port);
    let (nginx, caddy) = (fitting(Proxy::Nginx), fitting(Proxy::Caddy));
    Ok(page
        .in_section("admin/doctor")
        .render("admin/doctor.html", context! { findings, passed, seen, nginx, caddy }))
}
