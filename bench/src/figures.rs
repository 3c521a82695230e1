//! The figures, one function each.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::bare;
use crate::client::{Connection, Load, Request};
use crate::history;
use crate::people;
use crate::reference;
use crate::server::Server;
use crate::table::{self, Aim, Plan, in_turn, median};

/// How many people log in. One alone would soon have more sessions than are
/// allowed, and each log-in would have to end another.
const PEOPLE: usize = 256;
/// How many of them log in at once.
const FLOOD: usize = 64;

pub(crate) async fn measure(plan: Plan) {
    table::head();
    start().await;
    let server = Server::start(tempfile::tempdir().unwrap()).await;
    table::line("resident memory idle, MiB", server.memory("VmRSS"), Aim::Below(30.0));
    let names: Vec<String> = (0..PEOPLE).map(|number| format!("person{number}")).collect();
    names.iter().for_each(|name| server.add_account(name));
    server.add_account("ada");
    let [account, login] = pages(plan, &server).await;
    let of = |name: &String| people::login(server.port, name);
    let log_ins: Vec<Request> = names.iter().map(of).collect();
    let hashing = logins(plan, &log_ins).await;
    let flood = flood(plan, &server, &log_ins).await;
    let refreshes = refreshes(plan, &server, &names[..16]).await;
    history::print(&[account, login, hashing, flood, refreshes]);
}

async fn start() {
    let mut folder = tempfile::tempdir().unwrap();
    let mut taken = vec![];
    for _ in 0..6 {
        let began = Instant::now();
        let server = Server::start(folder).await;
        taken.push(began.elapsed().as_secs_f64() * 1000.0);
        folder = server.stop();
    }
    table::line("start to first answer, new folder, ms", taken[0], Aim::Below(200.0));
    table::line("start to first answer, its folder, ms", median(&taken[1..]), Aim::Below(200.0));
}

/// The ratios of `/account` and `/login`.
async fn pages(plan: Plan, server: &Server) -> [f64; 2] {
    let bare = bare::Process::start().await;
    let account = people::account_page(server.port, "ada").await;
    let login = people::login_page(server.port).await;
    let mut ratios = vec![];
    for (path, page, least) in [("/account", account, 0.85), ("/login", login, 0.8)] {
        let (page, bare_page) = ([page], [Request::get(bare.port, path, "")]);
        assert_same_size(&page[0], &bare_page[0]).await;
        let compared = in_turn(
            plan,
            async || Load::new(32, plan.each).run(&page).await.per_second(),
            async || Load::new(32, plan.each).run(&bare_page).await.per_second(),
        )
        .await;
        let what = format!("`{path}`, requests/s");
        let aim = Aim::AtLeast(least);
        ratios.push(table::compared(&what, compared, "the page on bare Rocket", aim));
    }
    [ratios[0], ratios[1]]
}

/// The comparison is fair only while both draw the same page.
async fn assert_same_size(page: &Request, bare: &Request) {
    let mut sizes = vec![];
    for request in [page, bare] {
        let mut connection = Connection::open(request.port).await;
        let answer = connection.ask(&request.bytes).await;
        assert_eq!(answer.status, 200);
        sizes.push(answer.body.len());
    }
    assert!(sizes[0].abs_diff(sizes[1]) < 64, "the pages differ in size: {sizes:?}");
}

async fn logins(plan: Plan, log_ins: &[Request]) -> f64 {
    // A hash takes tens of milliseconds: more time for as many of them.
    let time = plan.each * 2;
    let compared = in_turn(
        plan,
        async || Load::new(8, time).run(log_ins).await.per_second(),
        async || reference::hashes_per_second(time),
    )
    .await;
    table::compared("sign-ins/s", compared, "bare Argon2id hashes/s", Aim::AtLeast(0.95))
}

async fn flood(plan: Plan, server: &Server, log_ins: &[Request]) -> f64 {
    let page = [people::account_page(server.port, "ada").await];
    // A hundred a second: enough for a 99th percentile, no load to speak of.
    let looks = Load::new(1, plan.each * 2).every(Duration::from_millis(10));
    let look = async || looks.run(&page).await.p99_micros();
    let compared = in_turn(
        plan,
        async || {
            let flood = Load::new(FLOOD, plan.each * 2);
            tokio::join!(flood.run(log_ins), look()).1
        },
        look,
    )
    .await;
    let what = "p99 of `/account` while 64 clients sign in, µs";
    let ratio = table::compared(what, compared, "idle", Aim::Below(5.0));
    table::line("most resident memory until then, MiB", server.memory("VmHWM"), Aim::Below(150.0));
    ratio
}

async fn refreshes(plan: Plan, server: &Server, names: &[String]) -> f64 {
    let mut chains = vec![];
    for name in names {
        chains.push(people::refresh_token(server.port, name).await);
    }
    let chains = Mutex::new(chains);
    let compared = in_turn(
        plan,
        async || {
            let tokens = std::mem::take(&mut *chains.lock().unwrap());
            let (tokens, per_second) = people::refresh_for(&[server.port], tokens, plan.each).await;
            *chains.lock().unwrap() = tokens;
            per_second
        },
        async || reference::commits_per_second(plan.each, server.folder()).await,
    )
    .await;
    let reference = "bare one-row commits/s";
    table::compared("refreshes/s, each on disk", compared, reference, Aim::AtLeast(0.5))
}
