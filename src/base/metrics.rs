//! What this process counts, in the form of Prometheus.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use metrics::{Counter, counter};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// What all of this process is counted by.
static HANDLE: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let seconds = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    let builder = PrometheusBuilder::new().set_buckets(&seconds).expect("there are some");
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // The first recorder stays; a later one counts nothing, and its text is empty.
    drop(metrics::set_global_recorder(recorder));
    handle
});

/// Begins to count. Before that, nothing is.
pub fn start() {
    LazyLock::force(&HANDLE);
}

/// What has to be done now and then, so that what was counted takes no memory.
pub fn upkeep() {
    HANDLE.run_upkeep();
}

thread_local! {
    /// Looking a counter up by its labels takes longer than all else about it.
    static REQUESTS: RefCell<HashMap<u64, Counter>> = RefCell::default();
}

/// A request was answered. `route` is its pattern.
pub fn count_request(method: &'static str, route: &str, status: u16) {
    let mut hasher = DefaultHasher::new();
    (method, route, status).hash(&mut hasher);
    let new = || {
        let (route, status) = (route.to_owned(), status.to_string());
        counter!("doorward_requests_total", "method" => method, "route" => route, "status" => status)
    };
    REQUESTS.with_borrow_mut(|known| known.entry(hasher.finish()).or_insert_with(new).increment(1));
}

/// All figures as text, in Prometheus' exposition format 0.0.4.
pub fn render() -> String {
    upkeep();
    HANDLE.render()
}
