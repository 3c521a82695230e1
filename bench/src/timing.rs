//! Whether a stopwatch tells which accounts exist: refused log-ins of several
//! kinds, in turn, compared with one another by the rank-sum test of Mann and
//! Whitney.

use std::time::Instant;

use crate::client::{Connection, Request};
use crate::server::Server;

const EACH: usize = 500;

/// Accounts of each kind: after 100 failures in a row one is closed to strangers.
const NAMES: usize = 12;

/// Beyond this many standard deviations two kinds differ: one time in a
/// thousand by chance.
const THRESHOLD: f64 = 3.29;

const SHORT: &str = "not the password";

/// Prints the median of each kind, and how far it is from the first.
pub(crate) async fn measure() {
    let server = Server::start(tempfile::tempdir().unwrap()).await;
    for number in 0..NAMES {
        server.add_account(&format!("known-{number}"));
        server.add_account(&format!("off-{number}"));
        server.switch_off(&format!("off-{number}"));
    }
    let long = "wrong ".repeat(40);
    let kinds = [
        ("an account, a wrong password", "known-#", SHORT),
        ("an account, a long wrong password", "known-#", &long),
        ("an account that is switched off", "off-#", SHORT),
        ("no such account", "nobody-#", SHORT),
        ("no such account, a long password", "nobody-#", &long),
        ("no such address", "nobody-#@example.org", SHORT),
    ];
    let mut taken: [Vec<f64>; 6] = Default::default();
    let mut connection = Connection::open(server.port).await;
    for round in 0..EACH {
        for place in 0..kinds.len() {
            // Each comes first, second, … equally often.
            let kind = (place + round) % kinds.len();
            let (_, name, password) = kinds[kind];
            let name = name.replace('#', &(round % NAMES).to_string());
            let body = format!(r#"{{"login":"{name}","password":"{password}"}}"#);
            let request = Request::post(server.port, "/api/login", "application/json", "", &body);
            let asked = Instant::now();
            let answer = connection.ask(&request.bytes).await;
            taken[kind].push(asked.elapsed().as_secs_f64() * 1e3);
            assert_eq!(answer.status, 401, "{}", answer.body);
        }
    }
    println!(
        "| a refused log-in | median, ms | from the first, standard deviations | below {THRESHOLD} |"
    );
    println!("|---|--:|--:|---|");
    for (kind, times) in kinds.iter().zip(&taken) {
        let distance = rank_sum(&taken[0], times);
        let verdict = if distance.abs() < THRESHOLD { "yes" } else { "**no**" };
        println!("| {} | {:.2} | {distance:+.2} | {verdict} |", kind.0, median(times));
    }
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// By how many standard deviations the ranks of `b` lie above those of `a`
/// (H. B. Mann and D. R. Whitney, 1947).
fn rank_sum(a: &[f64], b: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        a.iter().map(|time| (*time, false)).chain(b.iter().map(|time| (*time, true))).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ranks: f64 = all
        .iter()
        .enumerate()
        .filter(|(_, (_, of_b))| *of_b)
        .map(|(place, _)| (place + 1) as f64)
        .sum();
    let (n, m) = (a.len() as f64, b.len() as f64);
    let u = ranks - m * (m + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}
