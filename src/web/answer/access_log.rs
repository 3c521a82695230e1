//! One line for each request that changed something or failed, by its route's
//! pattern and never by its path or query, which may carry a token.

use std::time::Instant;

use rocket::http::Method;
use rocket::{Request, Response};

use crate::base::metrics;
use crate::web::request::request_id::RequestId;

struct Began(Instant);

/// Notes when the request began.
pub fn begin(request: &Request<'_>) {
    request.local_cache(|| Began(Instant::now()));
}

/// Writes its line.
pub fn end(request: &Request<'_>, response: &mut Response<'_>) {
    let status = response.status().code;
    let method = request.method().as_str();
    let pattern = request.route().map_or("-", |route| route.uri.path());
    metrics::count_request(method, pattern, status);
    let quiet = request.method() == Method::Get && status < 500;
    if quiet && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let id = RequestId::of(request);
    response.set_raw_header("X-Request-Id", id.to_owned());
    let route = request.route().map_or("-", |route| route.uri.as_str());
    let micros = request.local_cache(|| Began(Instant::now())).0.elapsed().as_micros() as u64;
    if status >= 500 {
        tracing::error!(id, method, route, status, micros, "request");
    } else if quiet {
        tracing::debug!(id, method, route, status, micros, "request");
    } else {
        tracing::info!(id, method, route, status, micros, "request");
    }
}
