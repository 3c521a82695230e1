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
mod reference;
mod server;

use std::time::{Duration, Instant};

use client::{Load, Request};
use server::{PEOPLE, Server};

/// How long one measurement takes, and how often each is taken in turn.
#[derive(Clone, Copy)]
struct Plan {
    each: Duration,
    rounds: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, port] = &arguments[..]
        && word == "bare-rocket"
    {
        return bare::serve(port.parse().expect("a port"));
    }
    let quick = arguments.iter().any(|word| word == "--quick");
    let plan = if quick {
        Plan { each: Duration::from_millis(800), rounds: 3 }
    } else {
        Plan { each: Duration::from_secs(3), rounds: 5 }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(plan));
}

/// A line of the table.
fn line(what: &str, figure: String, reference: String, ratio: f64, aim: f64, more_is_better: bool) {
    let met = if more_is_better { ratio >= aim } else { ratio <= aim };
    let sign = if more_is_better { "≥" } else { "≤" };
    let verdict = if met { "met" } else { "**missed**" };
    println!("| {what} | {figure} | {reference} | {ratio:.2} | {sign} {aim} | {verdict} |");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Takes both in turn, so that whatever disturbs the machine hits both; the
/// ratio is the median of the rounds' ratios.
async fn in_turn(
    plan: Plan,
    subject: impl AsyncFn() -> f64,
    reference: impl AsyncFn() -> f64,
) -> (f64, f64, f64) {
    let (mut ours, mut theirs, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..plan.rounds {
        ours.push(subject().await);
        theirs.push(reference().await);
        ratios.push(ours[ours.len() - 1] / theirs[theirs.len() - 1]);
    }
    (median(ours), median(theirs), median(ratios))
}

async fn measure(plan: Plan) {
    println!("| what | Doorward | reference | ratio | aim | |\n|---|---|---|---|---|---|");
    start().await;
    let server = Server::start().await;
    let idle = server.resident_mebibytes();
    line("resident memory idle, MiB", format!("{idle:.0}"), "-".into(), idle, 30.0, false);
    server.account("ada");
    for number in 0..PEOPLE {
        server.account(&format!("person{number}"));
    }
    pages(plan, &server).await;
    logins(plan, &server).await;
    flood(plan, &server).await;
    refreshes(plan, &server).await;
}

async fn start() {
    for (what, times) in
        [("start to first answer, new folder, ms", 1), ("start to first answer, ms", 5)]
    {
        let mut taken = vec![];
        let mut folder = tempfile::tempdir().unwrap();
        for _ in 0..times {
            let began = Instant::now();
            let server = Server::in_folder(folder).await;
            taken.push(began.elapsed().as_secs_f64() * 1000.0);
            folder = server.stop();
        }
        let taken = median(taken);
        line(what, format!("{taken:.0}"), "-".into(), taken, 200.0, false);
    }
}

async fn pages(plan: Plan, server: &Server) {
    let cookie = server.signed_in("ada").await;
    let page = Request::get(server.port, "/account", &format!("Cookie: {cookie}\r\n"));
    let bare = bare::Process::start().await;
    let bare_page = Request::get(bare.port, "/account", "");
    let (ours, theirs, ratio) = in_turn(
        plan,
        async || Load::new(32, plan.each).run(std::slice::from_ref(&page)).await.per_second,
        async || Load::new(32, plan.each).run(std::slice::from_ref(&bare_page)).await.per_second,
    )
    .await;
    let reference = format!("{theirs:.0} on bare Rocket");
    line("`/account`, requests/s", format!("{ours:.0}"), reference, ratio, 0.75, true);
}

async fn logins(plan: Plan, server: &Server) {
    let logins = server.login_requests();
    let (ours, theirs, ratio) = in_turn(
        plan,
        async || Load::new(8, plan.each * 2).run(&logins).await.per_second,
        async || reference::hashes_per_second(plan.each * 2).await,
    )
    .await;
    let reference = format!("{theirs:.1} Argon2id hashes/s");
    line("log-ins/s", format!("{ours:.1}"), reference, ratio, 0.95, true);
}

async fn flood(plan: Plan, server: &Server) {
    let cookie = server.signed_in("ada").await;
    let page = Request::get(server.port, "/account", &format!("Cookie: {cookie}\r\n"));
    let logins = server.login_requests();
    // A person a hundredth of a second: enough for a 99th percentile, no load.
    let look = async || {
        Load::new(1, plan.each * 2)
            .every(Duration::from_millis(10))
            .run(std::slice::from_ref(&page))
            .await
            .p99_micros
    };
    let (flooded, idle, ratio) = in_turn(
        plan,
        async || {
            let flood = Load::new(64, plan.each * 2);
            let (_, p99) = tokio::join!(flood.run(&logins), look());
            p99
        },
        look,
    )
    .await;
    let reference = format!("{idle:.0} idle");
    line(
        "p99 of `/account` in a flood of 64 log-in clients, µs",
        format!("{flooded:.0}"),
        reference,
        ratio,
        5.0,
        false,
    );
    let memory = server.resident_mebibytes();
    line(
        "resident memory after the flood, MiB",
        format!("{memory:.0}"),
        "-".into(),
        memory,
        150.0,
        false,
    );
}

async fn refreshes(plan: Plan, server: &Server) {
    let mut chains = vec![];
    for _ in 0..16 {
        server.account(&format!("chain{}", chains.len()));
        chains.push(server.refresh_token(&format!("chain{}", chains.len())).await);
    }
    let chains = std::sync::Mutex::new(chains);
    let (ours, theirs, ratio) = in_turn(
        plan,
        async || {
            let tokens = std::mem::take(&mut *chains.lock().unwrap());
            let (tokens, per_second) = server.refresh_for(tokens, plan.each).await;
            *chains.lock().unwrap() = tokens;
            per_second
        },
        async || reference::commits_per_second(plan.each, server.folder()).await,
    )
    .await;
    let reference = format!("{theirs:.0} bare one-row commits/s at FULL");
    line("refreshes/s at synchronous=FULL", format!("{ours:.0}"), reference, ratio, 0.5, true);
}
