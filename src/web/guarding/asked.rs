//! The question of a proxy, as the headers of its request have it.

use rocket::Request;

use crate::domain::applications::question::{HOST, METHOD, Nature, PROTO, Question, URI, Unread};
use crate::web::request::caller::Caller;

/// Headers in which clients name another method than that of the request. Some servers take
/// other characters in their names for the hyphen.
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// The question in a request.
///
/// # Errors
/// What is wrong with it.
pub fn question(request: &Request<'_>) -> Result<Question, Unread> {
    let line = |name: &'static str| {
        let mut lines = request.headers().get(name);
        match (lines.next(), lines.next()) {
            (Some(line), None) => Ok(line),
            _ => Err(Unread::Header(name)),
        }
    };
    let (method, proto, host, uri) = (line(METHOD)?, line(PROTO)?, line(HOST)?, line(URI)?);
    let address = Caller::of(request).address.parse().ok();
    Question::read(method, proto, host, uri, address, nature(request, method))
}

fn nature(request: &Request<'_>, method: &str) -> Nature {
    let headers = request.headers();
    // Proxies that cannot leave a header out send it empty.
    let has = |name: &str| headers.get(name).any(|line| !line.is_empty());
    let first = |name: &str| headers.get_one(name).filter(|line| !line.is_empty());
    let upgrades = has("upgrade") || has("sec-websocket-key");
    let accepts_pages = headers.get("accept").any(|line| line.contains("text/html"));
    let goes_to_a_page = match first("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => accepts_pages && !has("x-requested-with"),
    };
    Nature {
        is_navigation: goes_to_a_page && !upgrades,
        upgrades,
        overrides_method: headers.iter().any(|header| {
            !header.value().is_empty()
                && OVERRIDES.iter().any(|name| is_spelling(header.name().as_str(), name))
        }),
        is_preflight: method == "OPTIONS" && has("origin") && has("access-control-request-method"),
        is_tool: first("sec-fetch-mode").is_none() && !accepts_pages,
    }
}

/// Whether a header has that name, in any case and with any characters for the hyphens.
fn is_spelling(written: &str, name: &str) -> bool {
    let same = |(one, other): (u8, u8)| match other {
        b'-' => !one.is_ascii_alphanumeric(),
        letter => one.eq_ignore_ascii_case(&letter),
    };
    written.len() == name.len() && written.bytes().zip(name.bytes()).all(same)
}

/// Whether a form was sent by the application itself, or by nobody: browsers
/// send the cookie with it when it is sent again.
pub fn is_own_form(request: &Request<'_>, origin: &str) -> bool {
    let first = |name: &str| request.headers().get_one(name).filter(|line| !line.is_empty());
    match first("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => first("origin").is_none_or(|from| from == origin),
    }
}
