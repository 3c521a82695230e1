//! A request on the host of an application, brought by its proxy.

use std::net::IpAddr;
use std::sync::Arc;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use crate::base::host::{Authority, Scheme};
use crate::base::timestamp::Timestamp;
use crate::domain::applications::Found;
use crate::domain::applications::question::PROTO;
use crate::domain::applications::sightings::{Cause, Problem, Refused, shortened};
use crate::domain::entries::Target;
use crate::service::Doorward;
use crate::web::request::cookies::{Cookie, Received};

/// The application on whose host the request was made. Else: 404.
pub struct Site {
    /// The application.
    pub found: Arc<Found>,
    /// The host.
    pub host: Authority,
    /// What the cookie of an entry has.
    pub entry: Option<String>,
    /// What the cookie of a nonce has.
    pub nonce: Option<String>,
    /// Whether a script or a form of the same host asked.
    pub is_from_itself: bool,
    /// The names of our cookies that came along.
    pub cookies: Vec<&'static str>,
    /// The scheme that the browser used, as the proxy says.
    pub scheme: Option<String>,
    /// The address of the proxy.
    pub peer: Option<IpAddr>,
}

impl Site {
    /// The site of a request; `None` for one on another host, or by a proxy that is not trusted.
    pub fn of(request: &Request<'_>) -> Option<Self> {
        let doorward = Doorward::of(request);
        if !is_by_trusted_proxy(request) {
            return None;
        }
        let mut hosts = request.headers().get("host");
        let (Some(text), None) = (hosts.next(), hosts.next()) else { return None };
        let host = authority(doorward, text)?;
        let found = Arc::clone(doorward.applications.current().by_host(&host)?);
        let received = Received::of(request);
        let cookie = |cookie| received.get(cookie).map(str::to_owned);
        let site = request.headers().get_one("sec-fetch-site");
        Some(Self {
            found,
            host,
            entry: cookie(Cookie::Entry),
            nonce: cookie(Cookie::Nonce),
            is_from_itself: site == Some("same-origin"),
            cookies: received.names(),
            scheme: request.headers().get_one(PROTO).map(|said| said.chars().take(10).collect()),
            peer: peer(request),
        })
    }

    /// Notes that a browser is led around on the way to a page, and never enters.
    pub fn note_loop(&self, doorward: &Doorward, target: &Target, now: Timestamp) {
        let place = (self.found.application.host_of(&self.host), Some(self.found.id));
        doorward.sightings.note_problem(Problem::Loop, place, self.peer, now);
        let refused = Refused {
            at: now,
            method: "GET".to_owned(),
            path: shortened(&target.to_string()),
            answer: Status::Forbidden.code,
            cause: Cause::Loop,
            is_script: false,
            has_several_rules: false,
            destination: String::new(),
            cookies: self.cookies.clone(),
        };
        doorward.sightings.note_refused(self.found.id, refused);
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Site {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::of(request) {
            Some(site) => Outcome::Success(site),
            None => Outcome::Error((Status::NotFound, ())),
        }
    }
}

/// The address that the connection comes from.
pub fn peer(request: &Request<'_>) -> Option<IpAddr> {
    request.remote().map(|peer| peer.ip().to_canonical())
}

/// Whether the sender is one of the proxies that are trusted.
pub fn is_by_trusted_proxy(request: &Request<'_>) -> bool {
    let trusted = &Doorward::of(request).settings.web.trusted_proxies;
    peer(request).is_some_and(|peer| trusted.iter().any(|network| network.contains(&peer)))
}

/// The host of an application. Those of this machine may be without TLS where
/// this service is.
pub fn authority(doorward: &Doorward, text: &str) -> Option<Authority> {
    let secure = Authority::parse(text, Scheme::Https)?;
    match scheme_of(doorward, &secure) {
        Scheme::Https => Some(secure),
        Scheme::Http => Authority::parse(text, Scheme::Http),
    }
}

/// By which scheme browsers reach a host.
pub fn scheme_of(doorward: &Doorward, host: &Authority) -> Scheme {
    if host.is_local() && !doorward.settings.base_url.is_https() {
        Scheme::Http
    } else {
        Scheme::Https
    }
}
