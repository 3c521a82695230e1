//! Measures Doorward against what its parts can do at best on this machine, in
//! one run, each figure in turn with its reference, and prints a table.
//!
//! `cargo build --release && cargo run --release -p doorward-bench [-- --quick]`

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "it starts servers, and the page to compare with has no frame"
)]

mod bare;
mod client;
mod figures;
mod others;
mod people;
mod reference;
mod server;
mod table;

use std::time::Duration;

use table::Plan;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let plan = match words[..] {
        ["bare-rocket", port] => return bare::serve(port.parse().expect("a port")),
        [] => Plan { each: Duration::from_millis(1000), rounds: 11 },
        ["--quick"] => Plan { each: Duration::from_millis(400), rounds: 3 },
        _ => {
            eprintln!("usage: bench [--quick]");
            std::process::exit(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(figures::measure(plan));
}
