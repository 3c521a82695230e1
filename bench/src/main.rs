//! Measures Doorward against what its parts can do at best on this machine, in
//! one run, each figure in turn with its reference, and prints a table.
//!
//! `cargo build --release && cargo run --release -p doorward-bench [-- --quick]`
//!
//! `timing` shows whether a stopwatch tells which accounts exist;
//! `fill ACCOUNTS` fills the empty database of the settings in the environment
//! with a year of life; `growth ACCOUNTS` does so in a folder of its own, and
//! times the pages of staff there against those of a small one. `sizes` holds
//! what everybody does on large databases against the same on a small one, and
//! `tests/postgres target/release/bench instances` one, two and three servers on
//! PostgreSQL. `verify` measures what guarding an application costs.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "it starts servers, and the page to compare with has no frame"
)]

mod bare;
mod client;
mod figures;
mod fill;
mod growth;
mod history;
mod others;
mod people;
mod reference;
mod server;
mod sizes;
mod table;
mod timing;
mod verify;

use std::time::Duration;

use fill::Size;
use table::Plan;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let number = |text: &str| text.parse().expect("a number");
    let plan = match words[..] {
        ["bare-rocket", port] => return bare::serve(port.parse().expect("a port")),
        ["timing"] => return runtime.block_on(timing::measure()),
        ["fill", accounts] => return runtime.block_on(fill::fill(Size::of(number(accounts)))),
        ["fill", accounts, revocations] => {
            let size = Size::living(number(accounts), number(revocations));
            return runtime.block_on(fill::fill(size));
        }
        ["sizes"] => return runtime.block_on(sizes::of_the_database()),
        ["instances"] => return runtime.block_on(sizes::of_the_service()),
        ["verify"] => {
            let plan = Plan { each: Duration::from_millis(1000), rounds: 7 };
            return runtime.block_on(verify::measure(plan));
        }
        ["growth", accounts] => return runtime.block_on(growth::measure(number(accounts))),
        [] => Plan { each: Duration::from_millis(1000), rounds: 11 },
        ["--quick"] => Plan { each: Duration::from_millis(400), rounds: 3 },
        _ => {
            eprintln!(
                "usage: bench [--quick | timing | fill ACCOUNTS [REVOCATIONS] | growth ACCOUNTS | sizes | instances | verify]"
            );
            std::process::exit(2);
        }
    };
    runtime.block_on(figures::measure(plan));
}
