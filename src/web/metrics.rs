//! `/metrics`, for Prometheus. Only for this machine, or with the token of the
//! setting `metrics_token`: it tells how busy the service is and how its
//! defences are doing. For everybody else there is no such page (ASVS V13.4.5).

use metrics::gauge;
use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Route, get, routes};

use crate::base::metrics as figures;
use crate::base::secrets;
use crate::service::Doorward;
use crate::web::request::caller::Caller;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![metrics_page]
}

/// A request that may see the metrics. Else: 404.
struct Watcher;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Watcher {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let headers = request.headers();
        let given = headers.get_one("Authorization").and_then(|text| text.strip_prefix("Bearer "));
        let token = &Doorward::of(request).settings.web.metrics_token;
        let knows = |token: &String| {
            given.is_some_and(|given| secrets::same(given.as_bytes(), token.as_bytes()))
        };
        // A proxy on this machine brings others: their requests have these headers.
        let brought = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];
        let local =
            Caller::of(request).address.parse().is_ok_and(|at: std::net::IpAddr| at.is_loopback())
                && is_called_locally(request)
                && !brought.iter().any(|name| headers.contains(name));
        if token.as_ref().is_some_and(knows) || (token.is_none() && local) {
            Outcome::Success(Self)
        } else {
            Outcome::Error((Status::NotFound, ()))
        }
    }
}

/// Whether the Host header names this machine or the service. A page of another
/// site whose name was made to lead here (DNS rebinding) is asked for by that name.
fn is_called_locally(request: &Request<'_>) -> bool {
    let Some(host) = request.headers().get_one("host") else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|at: std::net::IpAddr| at.is_loopback())
        || Doorward::of(request).settings.base_url.is_named_by(host)
}

#[get("/metrics")]
fn metrics_page(_watcher: Watcher, doorward: &Service) -> (ContentType, String) {
    gauge!("doorward_revocations").set(doorward.sessions.index.count() as f64);
    gauge!("doorward_hashing_jobs").set(doorward.hasher.waiting() as f64);
    let kind =
        ContentType::new("text", "plain").with_params([("version", "0.0.4"), ("charset", "utf-8")]);
    (kind, figures::render())
}
