//! What the browser tests share: a server on an empty folder, and Chromium.

#![expect(clippy::disallowed_types, reason = "these tests start a server, a driver and a checker")]

mod browser;
mod server;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use browser::Browser;
pub use server::Server;

pub use shared::PASSWORD;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The folder of this crate.
pub fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A port that nothing listens at.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until it is so, at most twenty seconds.
pub fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The same, of something that has to be asked for.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
