//! How long the pages of staff take on a large database, against the same
//! pages on a small one: large enough that its lists fill a page.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::client::{Connection, Request};
use crate::fill::Size;
use crate::people;
use crate::server::Server;

/// More than three times as long is more than we aim for.
const AIM: f64 = 3.0;
const ROUNDS: usize = 40;
/// Accounts of the small database.
const SMALL: usize = 1_000;

/// Prints a line for each page: milliseconds in the small and in the large database, and the ratio.
pub(crate) async fn measure(accounts: usize) {
    let (small, large) = (filled(SMALL).await, filled(accounts).await);
    let [few, many] = [SMALL, accounts].map(Size::of);
    println!(
        "{} accounts, {} sessions, {} events against {}, {}, {}\n",
        many.accounts, many.sessions, many.events, few.accounts, few.sessions, few.events
    );
    println!("| page | small, ms | large, ms | ratio | aim: below {AIM} |");
    println!("|---|--:|--:|--:|---|");
    let mut servers = vec![];
    for server in [&small, &large] {
        server.add_admin("chief");
        servers.push((people::log_in(server.port, "chief").await, server.port));
    }
    let some = some_account(&servers[1].0, large.port).await;
    let own = some_account(&servers[0].0, small.port).await;
    let deep = deep_page(&servers[1].0, large.port).await;
    for (what, path) in [
        ("overview, 24 hours", "/admin"),
        ("overview, 30 days", "/admin?span=month"),
        ("accounts", "/admin/accounts"),
        ("accounts, a search that finds few", "/admin/accounts?q=kaya13"),
        ("accounts, a search that finds a thousand and more", "/admin/accounts?q=lena%20k"),
        ("accounts, a search that finds all", "/admin/accounts?q=example.org"),
        ("accounts, a search that finds none", "/admin/accounts?q=nobody.there"),
        ("accounts, a search by two letters", "/admin/accounts?q=le"),
        ("accounts, a search by address", "/admin/accounts?q=chief%40"),
        ("accounts, newest first", "/admin/accounts?sort=opened"),
        ("accounts, last sign-in first", "/admin/accounts?sort=login"),
        ("accounts, locked", "/admin/accounts?state=locked"),
        ("accounts, disabled", "/admin/accounts?state=disabled"),
        ("accounts, of a role", "/admin/accounts?role=admin"),
        ("accounts, the page after a thousandth part", &deep),
        ("one account", &some),
        ("sessions", "/admin/sessions"),
        ("sessions of an account", "/admin/sessions?account=chief"),
        ("sessions of a range", "/admin/sessions?address=10.3.7.0/24"),
        ("revocations", "/admin/revocations"),
        ("roles", "/admin/roles"),
        ("audit log", "/admin/audit"),
        ("audit log, of an event", "/admin/audit?event=refresh.reuse"),
        ("audit log, of an account", "/admin/audit?account=chief"),
        ("audit log, of a day", "/admin/audit?from=2026-06-01&until=2026-06-01"),
    ] {
        let mut medians = [vec![], vec![]];
        for _ in 0..ROUNDS {
            for (place, (cookies, port)) in servers.iter().enumerate() {
                let path = if path == some && place == 0 { &own } else { path };
                medians[place].push(time_of(cookies, *port, path).await);
            }
        }
        let [small, large] = medians.map(|mut taken| {
            taken.sort_unstable();
            taken[ROUNDS / 2].as_secs_f64() * 1e3
        });
        let verdict = if large / small < AIM { "met" } else { "missed" };
        println!("| {what} | {small:.2} | {large:.2} | {:.2} | {verdict} |", large / small);
    }
}

/// A service with so many accounts and what they did in a year.
async fn filled(accounts: usize) -> Server {
    let folder =
        tempfile::tempdir_in(std::env::var("BENCH_FOLDER").unwrap_or_else(|_| "/tmp".into()));
    let folder = Server::start(folder.unwrap()).await.stop();
    let filled = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["fill", &accounts.to_string()])
        .env("DOORWARD_DATA_DIR", folder.path().join("data"))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(filled.success());
    Server::start(folder).await
}

async fn time_of(cookies: &str, port: u16, path: &str) -> Duration {
    let mut connection = Connection::open(port).await;
    let request = Request::get(port, path, cookies).bytes;
    let asked = Instant::now();
    let answer = connection.ask(&request).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.head);
    asked.elapsed()
}

/// The path of an account somewhere in the list.
async fn some_account(cookies: &str, port: u16) -> String {
    let page = "/admin/accounts?sort=opened";
    let request = Request::get(port, page, cookies).bytes;
    let body = Connection::open(port).await.ask(&request).await.body;
    let id = body.rsplit("name=\"id\" value=\"").next().unwrap().split('"').next().unwrap();
    format!("/admin/accounts/{id}")
}

/// The path of a page that is not the first.
async fn deep_page(cookies: &str, port: u16) -> String {
    let mut path = "/admin/accounts?sort=opened".to_owned();
    for _ in 0..20 {
        let request = Request::get(port, &path, cookies).bytes;
        let body = Connection::open(port).await.ask(&request).await.body;
        let Some((head, _)) = body.split_once("\" rel=\"next\"") else { break };
        let next = head.rsplit("href=\"").next().unwrap();
        path = next.replace("&#x2F;", "/").replace("&amp;", "&");
    }
    path
}
