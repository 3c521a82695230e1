//! The server under measurement.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::client::{Connection, Request};

/// How many people log in during the floods.
pub(crate) const PEOPLE: usize = 64;

const PASSWORD: &str = "quiet river under stone";

pub(crate) struct Server {
    process: Child,
    folder: tempfile::TempDir,
    pub(crate) port: u16,
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until somebody listens, at most ten seconds.
pub(crate) async fn wait_for(port: u16) {
    let end = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "the server does not start");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn in_folder(folder: tempfile::TempDir) -> Self {
        let port = free_port();
        let process = program(folder.path(), port)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, folder, port };
        wait_for(port).await;
        let mut connection = Connection::open(port).await;
        let (status, _) = connection.ask(&Request::get(port, "/healthz", "").bytes).await;
        assert_eq!(status, 200);
        server
    }

    /// Ends it and leaves its folder.
    pub(crate) fn stop(mut self) -> tempfile::TempDir {
        self.end();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    fn end(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn account(&self, name: &str) {
        let email = format!("{name}@example.org");
        let mut process = program(self.folder.path(), self.port)
            .args(["account", "add", name, &email, "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(process.wait().unwrap().success());
    }

    pub(crate) fn login_request(&self, name: &str) -> Request {
        let body = format!(r#"{{"login":"{name}","password":"{PASSWORD}"}}"#);
        Request::json(self.port, "/api/login", &body)
    }

    /// A log-in of each of them.
    pub(crate) fn login_requests(&self) -> Vec<Request> {
        (0..PEOPLE).map(|number| self.login_request(&format!("person{number}"))).collect()
    }

    pub(crate) async fn refresh_token(&self, name: &str) -> String {
        let mut connection = Connection::open(self.port).await;
        let (_, answer) = connection.ask(&self.login_request(name).bytes).await;
        refresh_token_in(answer)
    }

    /// The access cookie of somebody who logged in through the form.
    pub(crate) async fn signed_in(&self, name: &str) -> String {
        let mut connection = Connection::open(self.port).await;
        let (_, page) = connection.ask(&Request::get(self.port, "/login", "").bytes).await;
        let page = String::from_utf8_lossy(page).into_owned();
        let token = page.split("name=\"csrf\" value=\"").last().unwrap().split('"').next().unwrap();
        let form = cookie(&page, "__Host-pre");
        let password = PASSWORD.replace(' ', "+");
        let body = format!("csrf={token}&login={name}&password={password}");
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {form}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        let (status, answer) = connection.ask(request.as_bytes()).await;
        assert_eq!(status, 303);
        cookie(&String::from_utf8_lossy(answer), "__Host-at")
    }

    /// Each token is traded for the next, over and over. Returns the last ones
    /// and how many trades there were a second.
    pub(crate) async fn refresh_for(
        &self,
        tokens: Vec<String>,
        time: Duration,
    ) -> (Vec<String>, f64) {
        let (port, began) = (self.port, Instant::now());
        let mut chains = JoinSet::new();
        for mut token in tokens {
            chains.spawn(async move {
                let mut connection = Connection::open(port).await;
                let mut count = 0;
                while began.elapsed() < time {
                    let body = format!(r#"{{"refresh_token":"{token}"}}"#);
                    let request = Request::json(port, "/api/refresh", &body);
                    let (status, answer) = connection.ask(&request.bytes).await;
                    assert_eq!(status, 200);
                    token = refresh_token_in(answer);
                    count += 1;
                }
                (token, count)
            });
        }
        let done = chains.join_all().await;
        let count: i32 = done.iter().map(|(_, count)| count).sum();
        let per_second = f64::from(count) / began.elapsed().as_secs_f64();
        (done.into_iter().map(|(token, _)| token).collect(), per_second)
    }

    pub(crate) fn resident_mebibytes(&self) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn program(folder: &Path, port: u16) -> Command {
    let mut program = Command::new(binary());
    program
        .current_dir(folder)
        .env("ROCKET_PORT", port.to_string())
        .env("DOORWARD_BASE_URL", format!("http://localhost:{port}"))
        .env("DOORWARD_LOG_LEVEL", "warn");
    program
}

/// `doorward` beside this program: both are built in release mode.
fn binary() -> PathBuf {
    let binary = std::env::current_exe().unwrap().with_file_name("doorward");
    assert!(binary.exists(), "{} is not there: run cargo build --release", binary.display());
    binary
}

fn cookie(answer: &str, name: &str) -> String {
    let start = answer.find(&format!("{name}=")).expect("a cookie");
    answer[start..].split(';').next().unwrap().to_owned()
}

fn refresh_token_in(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let body: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    body["refresh_token"].as_str().unwrap().to_owned()
}
