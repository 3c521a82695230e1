//! What the check of an application costs: against the same answer of bare
//! Rocket, against a page of our own, and with a thousand applications and a
//! hundred thousand entries.

use std::io::Write;
use std::process::{Command, Stdio};

use doorward::base::keys::Keys;
use doorward::base::timestamp::Timestamp;
use doorward::domain::entries::issue_cookie;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::bare;
use crate::client::{Answer, Connection, Load, Request};
use crate::people;
use crate::server::Server;
use crate::table::{self, Aim, Plan, in_turn};

/// So many applications the larger service has …
const MANY: usize = 1000;
/// … and so many entries that it holds in memory.
const HELD: usize = 100_000;

pub(crate) async fn measure(plan: Plan) {
    table::head();
    let (server, check) = guarding(1).await;
    let account = people::account_page(server.port, "ada").await;
    let bare = bare::Process::start().await;
    // The same question, so that both read as many headers.
    let asked = String::from_utf8(check.bytes.clone()).unwrap();
    let asked = asked.replace("/auth/verify/app-0", "/check").into_bytes();
    let same = [Request { port: bare.port, bytes: asked }];
    let (check, account) = ([check], [account]);
    let of = async |requests: &[Request]| Load::new(32, plan.each).run(requests).await;
    let compared = in_turn(
        plan,
        async || of(&check).await.per_second(),
        async || of(&same).await.per_second(),
    )
    .await;
    let aim = Aim::AtLeast(0.8);
    table::compared("checks/s", compared, "the same answer of bare Rocket", aim);
    let compared = in_turn(
        plan,
        async || of(&check).await.per_second(),
        async || of(&account).await.per_second(),
    )
    .await;
    table::compared("checks/s", compared, "of `/account`", Aim::AtLeast(1.2));
    table::line(
        "p99 of a check, 32 clients, µs",
        of(&check).await.p99_micros(),
        Aim::Below(2000.0),
    );
    let before = queries(&server).await;
    let asked = of(&check).await;
    let after = queries(&server).await;
    let seconds = plan.each.as_secs_f64();
    let each = (after - before) / (asked.per_second() * seconds) * 10_000.0;
    table::line("queries in 10,000 checks, with the periodic tasks", each, Aim::Below(10.0));
    table::line("resident memory, MiB", server.memory("VmRSS"), Aim::Below(60.0));
    let (large, same) = guarding(MANY).await;
    let empty = large.memory("VmRSS");
    hold(&large, &same).await;
    let same = [same];
    let compared = in_turn(
        plan,
        async || of(&same).await.per_second(),
        async || of(&check).await.per_second(),
    )
    .await;
    let what = "checks/s with 1,000 applications and 100,000 entries";
    table::compared(what, compared, "with one of each", Aim::AtLeast(0.9));
    println!(
        "\nResident memory with 1,000 applications {empty:.0} MiB, and with 100,000 entries held {:.0} MiB.",
        large.memory("VmRSS")
    );
}

/// A service that guards so many applications, and a question about somebody who
/// has entered the first one.
async fn guarding(count: usize) -> (Server, Request) {
    let settings = |name: &str, value: &str| (format!("DOORWARD_{name}"), value.to_owned());
    let settings =
        vec![settings("TRUSTED_PROXIES", "127.0.0.1"), settings("REGISTRATION", "closed")];
    let server = Server::with(tempfile::tempdir().unwrap(), settings).await;
    server.add_account("ada");
    apply(&server, count);
    let check = entered(&server).await;
    (server, check)
}

/// Lets the server hold many entries: those of one session repeatedly, each
/// of which is asked about once.
async fn hold(server: &Server, check: &Request) {
    let data = server.folder().join("data");
    let url = format!("sqlite://{}", data.join("doorward.db").display());
    let db = Database::connect(url).await.unwrap();
    let more = format!(
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {HELD}) INSERT INTO entries (id, sid, application_id, host, auth_time, entered_at) SELECT randomblob(16), sid, application_id, host, auth_time, entered_at FROM number, (SELECT * FROM entries LIMIT 1)"
    );
    db.execute_unprepared(&more).await.unwrap();
    let all = Statement::from_string(DbBackend::Sqlite, "SELECT id, host FROM entries");
    let rows = db.query_all_raw(all).await.unwrap();
    let keys = Keys::in_file(&data.join("keys.json"), Timestamp(0)).unwrap();
    let text = String::from_utf8(check.bytes.clone()).unwrap();
    let (head, _) = text.split_once("__Host-fa=").unwrap();
    let requests = rows.iter().map(|row| {
        let (id, host): (Uuid, String) =
            (row.try_get("", "id").unwrap(), row.try_get("", "host").unwrap());
        let cookie = issue_cookie(&keys, id, &host);
        format!("{head}__Host-fa={cookie}\r\n\r\n").into_bytes()
    });
    let requests: Vec<Vec<u8>> = requests.collect();
    let mut clients = JoinSet::new();
    for some in requests.chunks(requests.len().div_ceil(32)) {
        let (some, port) = (some.to_vec(), server.port);
        clients.spawn(async move {
            let mut connection = Connection::open(port).await;
            for request in some {
                assert_eq!(connection.ask(&request).await.status, 200);
            }
        });
    }
    clients.join_all().await;
}

/// The server guards so many applications; of the first one every path needs a
/// sign-in but those of two rules.
fn apply(server: &Server, count: usize) {
    let mut text = String::new();
    for number in 0..count {
        let port = server.port;
        text.push_str(&format!(
            "[[application]]\nslug = \"app-{number}\"\nname = \"App {number}\"\nhosts = [\"app-{number}.localhost:{port}\"]\nneeds = \"members\"\n[[application.rule]]\npath = \"/admin*\"\nneeds = \"nobody\"\n[[application.rule]]\npath = \"/public/*\"\nneeds = \"public\"\n"
        ));
    }
    let mut process: Command = server.command();
    let process = process.args(["application", "apply", "/dev/stdin", "--yes"]);
    let mut process = process.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(process.wait().unwrap().success());
}

/// A question about somebody who has entered.
async fn entered(server: &Server) -> Request {
    let host = format!("app-0.localhost:{}", server.port);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let ours = people::log_in(server.port, "ada").await;
    let there = |path: &str, cookie: &str| {
        let text = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\n");
        Request { port: server.port, bytes: text.into_bytes() }
    };
    let begun = ask(&there("/.doorward/enter?to=/", "")).await;
    let nonce = format!("Cookie: {}\r\n", people::cookie(&begun, "__Host-fn"));
    let on = location(&begun);
    let here = &on[on.find("/enter").unwrap()..];
    let code = ask(&Request::get(server.port, here, &ours)).await;
    let back = location(&code);
    let callback = &back[back.find("/.doorward").unwrap()..];
    let done = ask(&there(callback, &nonce)).await;
    let cookie = people::cookie(&done, "__Host-fa");
    let text = format!(
        "GET /auth/verify/app-0 HTTP/1.1\r\nHost: doorward.internal\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Uri: /a?b=c\r\nX-Forwarded-For: 192.0.2.7\r\nSec-Fetch-Mode: navigate\r\nCookie: {cookie}\r\n\r\n"
    );
    Request { port: server.port, bytes: text.into_bytes() }
}

async fn ask(request: &Request) -> Answer {
    Connection::open(request.port).await.ask(&request.bytes).await
}

fn location(answer: &Answer) -> String {
    let lower = answer.head.to_ascii_lowercase();
    let start = lower.find("location: ").expect("led on") + "location: ".len();
    answer.head[start..].lines().next().unwrap().to_owned()
}

/// How many statements the server has sent to its database.
async fn queries(server: &Server) -> f64 {
    let metrics = ask(&Request::get(server.port, "/metrics", "")).await.body;
    let line = metrics.lines().find(|line| line.starts_with("doorward_database_seconds_count"));
    line.and_then(|line| line.split(' ').next_back()?.parse().ok()).unwrap_or(0.0)
}
