//! The figures, one function each.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::bare;
use crate::client::{Connection, Load, Request};
use crate::people;
use crate::reference;
use crate::server::Server;
use crate::table::{self, Aim, Plan, in_turn, median};

pub(crate) async fn measure(plan: Plan) {
    table::head();
    start().await;
    let server = Server::start(tempfile::tempdir().unwrap()).await;
    table::line("resident memory idle, MiB", server.memory("VmRSS"), Aim::Below(30.0));
    for name in ["ada", "flood", "chain"] {
        server.add_account(name);
    }
    pages(plan, &server).await;
    logins(plan, &server).await;
    flood(plan, &server).await;
    refreshes(plan, &server).await;
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

async fn pages(plan: Plan, server: &Server) {
    let page = people::account_page(server.port, "ada").await;
    let bare = bare::Process::start().await;
    let bare_page = Request::get(bare.port, "/account", "");
    assert_same_size(&page, &bare_page).await;
    let compared = in_turn(
        plan,
        async || Load::new(32, plan.each).run(&page).await.per_second(),
        async || Load::new(32, plan.each).run(&bare_page).await.per_second(),
    )
    .await;
    let what = "`/account` signed in, requests/s";
    table::compared(what, compared, "the page on bare Rocket", Aim::AtLeast(0.75));
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

async fn logins(plan: Plan, server: &Server) {
    let login = people::login(server.port, "flood");
    // A hash takes tens of milliseconds: more time for as many of them.
    let time = plan.each * 2;
    let compared = in_turn(
        plan,
        async || Load::new(8, time).run(&login).await.per_second(),
        async || reference::hashes_per_second(time),
    )
    .await;
    table::compared("log-ins/s", compared, "bare Argon2id hashes/s", Aim::AtLeast(0.95));
}

async fn flood(plan: Plan, server: &Server) {
    let page = people::account_page(server.port, "ada").await;
    let login = people::login(server.port, "flood");
    // A hundred a second: enough for a 99th percentile, no load to speak of.
    let looks = Load::new(1, plan.each * 2).every(Duration::from_millis(10));
    let look = async || looks.run(&page).await.p99_micros();
    let compared = in_turn(
        plan,
        async || {
            let flood = Load::new(64, plan.each * 2);
            tokio::join!(flood.run(&login), look()).1
        },
        look,
    )
    .await;
    let what = "p99 of `/account` while 64 clients log in, µs";
    table::compared(what, compared, "idle", Aim::Below(5.0));
    table::line("most resident memory until then, MiB", server.memory("VmHWM"), Aim::Below(150.0));
}

async fn refreshes(plan: Plan, server: &Server) {
    let mut chains = vec![];
    for _ in 0..16 {
        chains.push(people::refresh_token(server.port, "chain").await);
    }
    let chains = Mutex::new(chains);
    let compared = in_turn(
        plan,
        async || {
            let tokens = std::mem::take(&mut *chains.lock().unwrap());
            let (tokens, per_second) = people::refresh_for(server.port, tokens, plan.each).await;
            *chains.lock().unwrap() = tokens;
            per_second
        },
        async || reference::commits_per_second(plan.each, server.folder()).await,
    )
    .await;
    let reference = "bare one-row commits/s";
    table::compared("refreshes/s, each on disk", compared, reference, Aim::AtLeast(0.5));
}
