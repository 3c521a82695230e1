//! What stands in front of and around every request: the Host that must be
//! ours, the security headers that every answer carries, its cookies, its log line.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::uri::Origin;
use rocket::http::{Header, Method, Status};
use rocket::{Data, Request, Response};

use super::{access_log, assets};
use crate::service::Doorward;
use crate::web::guarding::site::Site;
use crate::web::request::cookies::Outgoing;

/// On every answer that a browser may get (ASVS V3.4).
const ALWAYS: [(&str, &str); 11] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    // Not no-referrer: browsers would then send `Origin: null` with our own forms.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Origin-Agent-Cluster", "?1"),
    (
        "Permissions-Policy",
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
    ),
    ("X-Robots-Tag", "noindex"),
    ("Cache-Control", "no-store"),
    ("Vary", "Cookie"),
];

/// Addresses that answer whatever the Host header says: probes and applications
/// use any name.
const ANY_HOST: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/.well-known/jwks.json"];

/// Where requests for another Host end.
const MISDIRECTED: &str = "/misdirected";

/// Where proxies ask, and where our pages are on the hosts of applications.
const CHECK: &str = "/auth/verify/";
const ELSEWHERE: &str = "/.doorward/";

/// What is not ours to say about the host of an application.
const OF_A_HOST: [&str; 2] = ["Cross-Origin-Opener-Policy", "Origin-Agent-Cluster"];

/// What a route may have set itself: how long its answer may be kept.
const OF_THE_ROUTE: [&str; 2] = ["Cache-Control", "Vary"];

/// Puts the headers on an answer. They replace Rocket's own, which for TLS has
/// a weaker Strict-Transport-Security.
pub fn write(request: &Request<'_>, response: &mut Response<'_>) {
    let path = request.uri().path();
    let is_check = path.starts_with(CHECK);
    // The proxy alone reads an answer that lets a request pass.
    if is_check && response.status() == Status::Ok {
        return;
    }
    let is_elsewhere = (is_check || path.starts_with(ELSEWHERE)) && !host_is_ours(request);
    for (name, value) in ALWAYS {
        if is_elsewhere && OF_A_HOST.contains(&name) {
            continue;
        }
        let kept = OF_THE_ROUTE.contains(&name) && response.headers().contains(name);
        if !kept {
            response.set_raw_header(name, value);
        }
    }
    let settings = &Doorward::of(request).settings;
    if settings.base_url.is_https() && !is_elsewhere {
        // Neighbouring hosts may be without TLS, and nobody has asked them.
        let below = if settings.web.hsts_subdomains { "; includeSubDomains" } else { "" };
        let value = format!("max-age=63072000{below}");
        response.set_raw_header("Strict-Transport-Security", value);
    }
}

/// The fairing that does all of it.
pub struct Headers;

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "Host, headers, cookies, log", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        access_log::begin(request);
        if request.method() != Method::Post
            && request.content_type().is_some_and(|kind| kind.is_form())
            && names_a_method(data.peek(METHOD_FIELD).await)
        {
            request.set_method(Method::Post);
        }
        if !host_is_ours(request) && !answers_any_host(request) && !is_of_application(request) {
            request.set_method(Method::Get);
            request.set_uri(Origin::parse(MISDIRECTED).expect("a valid path"));
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        write(request, response);
        for line in Outgoing::of(request).take() {
            response.adjoin_header(Header::new("Set-Cookie", line));
        }
        access_log::end(request, response);
    }
}

/// Rocket looks at so many bytes of a form.
const METHOD_FIELD: usize = "_method=delete".len();

/// Whether Rocket may have rewritten the method of a POST, because its form
/// begins with the field `_method`: then it is one again, and refused for that
/// field. A request without such a body keeps the method it came with,
/// whatever its content type: proxies ask about forms with a GET that has the
/// form's headers.
fn names_a_method(body: &[u8]) -> bool {
    let first = body.iter().position(|byte| *byte != b'&').unwrap_or(body.len());
    body[first..].starts_with(b"_method")
}

/// The questions of proxies, which use any name but ours, and our pages on the
/// hosts of applications.
fn is_of_application(request: &Request<'_>) -> bool {
    let path = request.uri().path();
    path.starts_with(CHECK) || path.starts_with(ELSEWHERE) && Site::of(request).is_some()
}

/// Probes, and the files of the page that says which address is the right one.
fn answers_any_host(request: &Request<'_>) -> bool {
    let path = request.uri().path();
    let is_file = || path.strip_prefix("/static/").is_some_and(|name| assets::has(name.as_str()));
    ANY_HOST.contains(&path.as_str())
        || matches!(request.method(), Method::Get | Method::Head) && is_file()
}

/// One Host header, and it is the one of `base_url`: links, cookies and the
/// issuer in tokens all rest on that name.
fn host_is_ours(request: &Request<'_>) -> bool {
    let mut hosts = request.headers().get("host");
    let ours = &Doorward::of(request).settings.base_url;
    matches!((hosts.next(), hosts.next()), (Some(host), None) if ours.is_named_by(host))
}

/// `text` for an HTML attribute.
pub fn escaped(text: &str) -> String {
    rocket_dyn_templates::tera::escape_html(text)
}
