//! What people and scripts ask of the server.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::client::{Answer, Connection, Request};

pub(crate) const PASSWORD: &str = "quiet river under stone";

/// A script's log-in.
pub(crate) fn login(port: u16, name: &str) -> Request {
    let body = format!(r#"{{"login":"{name}","password":"{PASSWORD}"}}"#);
    Request::post(port, "/api/login", "application/json", "", &body)
}

/// `/account`, asked for by a browser that has logged in.
pub(crate) async fn account_page(port: u16, name: &str) -> Request {
    Request::get(port, "/account", &log_in(port, name).await)
}

/// `/login`, asked for by a browser that has been there before.
pub(crate) async fn login_page(port: u16) -> Request {
    let page = Connection::open(port).await.ask(&Request::get(port, "/login", "").bytes).await;
    Request::get(port, "/login", &format!("Cookie: {}\r\n", cookie(&page, "__Host-pre")))
}

/// Logs in with a browser; its header line with the access token.
pub(crate) async fn log_in(port: u16, name: &str) -> String {
    let mut connection = Connection::open(port).await;
    let page = connection.ask(&Request::get(port, "/login", "").bytes).await;
    let after = page.body.split("name=\"csrf\" value=\"").nth(1).expect("a form");
    let token = after.split('"').next().unwrap();
    let headers = format!(
        "Cookie: {}\r\nOrigin: http://localhost:{port}\r\nSec-Fetch-Site: same-origin\r\n",
        cookie(&page, "__Host-pre")
    );
    let password = PASSWORD.replace(' ', "+");
    let form = format!("csrf={token}&login={name}&password={password}");
    let kind = "application/x-www-form-urlencoded";
    let request = Request::post(port, "/login", kind, &headers, &form);
    let answer = connection.ask(&request.bytes).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    format!("Cookie: {}\r\n", cookie(&answer, "__Host-at"))
}

pub(crate) fn cookie(answer: &Answer, name: &str) -> String {
    let start = answer.head.find(&format!("{name}=")).expect("a cookie");
    answer.head[start..].split(';').next().unwrap().to_owned()
}

/// The refresh token of a new session.
pub(crate) async fn refresh_token(port: u16, name: &str) -> String {
    let answer = Connection::open(port).await.ask(&login(port, name).bytes).await;
    refresh_token_in(&answer)
}

fn refresh_token_in(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["refresh_token"].as_str().unwrap().to_owned()
}

/// Each token is traded for the next, over and over, at one of the servers of
/// the service that is called by the first. Returns the last ones and how many
/// trades there were a second.
pub(crate) async fn refresh_for(
    servers: &[u16],
    tokens: Vec<String>,
    time: Duration,
) -> (Vec<String>, f64) {
    let began = Instant::now();
    let mut chains = JoinSet::new();
    let name = servers[0];
    for (mut token, port) in tokens.into_iter().zip(servers.iter().copied().cycle()) {
        chains.spawn(async move {
            let mut connection = Connection::open(port).await;
            let mut count = 0;
            while began.elapsed() < time {
                let body = format!(r#"{{"refresh_token":"{token}"}}"#);
                let request = Request::post(name, "/api/refresh", "application/json", "", &body);
                let next = refresh_token_in(&connection.ask(&request.bytes).await);
                assert_ne!(next, token, "the session has moved on");
                token = next;
                count += 1;
            }
            (token, count)
        });
    }
    let (tokens, counts): (Vec<String>, Vec<u32>) = chains.join_all().await.into_iter().unzip();
    let per_second = f64::from(counts.iter().sum::<u32>()) / began.elapsed().as_secs_f64();
    (tokens, per_second)
}
