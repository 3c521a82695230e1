//! What the browser tests share: a server on an empty folder, and Chromium.

#![expect(clippy::disallowed_types, reason = "these tests start a server, a driver and a checker")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// A password the policy lets pass.
pub const PASSWORD: &str = "quiet river under stone";

/// The folder of this crate.
pub fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running server on a folder of its own.
pub struct Server {
    process: Child,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    /// Where it is.
    pub base: String,
    /// The link printed at the first start.
    pub setup_link: String,
}

fn binary() -> PathBuf {
    let default = here().join("../../target/debug/doorward");
    let binary = std::env::var_os("BROWSER_SERVER").map_or(default, PathBuf::from);
    assert!(binary.exists(), "{} is not there: run cargo build", binary.display());
    binary
}

impl Server {
    /// Starts one with these settings (`DOORWARD_…` without the prefix).
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let base = format!("http://localhost:{port}");
        let mut environment = vec![
            ("ROCKET_PORT".to_owned(), port.to_string()),
            ("DOORWARD_BASE_URL".to_owned(), base.clone()),
        ];
        environment
            .extend(settings.iter().map(|(k, v)| (format!("DOORWARD_{k}"), (*v).to_owned())));
        let mut process = Command::new(binary())
            .current_dir(folder.path())
            .envs(environment.clone())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut setup_link = String::new();
        for line in lines.by_ref().map_while(Result::ok) {
            if line.contains("/setup?token=") {
                setup_link = line.trim().to_owned();
            }
            if line.starts_with("Doorward is at") {
                break;
            }
        }
        let address = format!("127.0.0.1:{port}");
        wait(|| std::net::TcpStream::connect(&address).is_ok());
        Self { process, folder, environment, base, setup_link }
    }

    /// Runs a command beside the server; returns what it printed.
    pub fn command(&self, arguments: &[&str], input: &str) -> String {
        let mut process = Command::new(binary())
            .args(arguments)
            .current_dir(self.folder.path())
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "doorward {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Opens an account at the command line.
    pub fn account(&self, name: &str, roles: &[&str]) {
        let email = format!("{name}@example.org");
        let mut arguments = vec!["account", "add", name, &email, "--password-stdin"];
        for role in roles {
            arguments.extend(["--role", role]);
        }
        self.command(&arguments, PASSWORD);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Waits until it is so, at most twenty seconds.
pub fn wait(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "waited too long");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A Chromium with a profile of its own.
pub struct Browser {
    driver: WebDriver,
    process: Child,
    base: String,
}

impl Browser {
    /// A fresh one.
    pub async fn start(server: &Server) -> Self {
        Self::with(server, true, &tempfile::tempdir().unwrap().keep()).await
    }

    /// With JavaScript on or off, in that profile folder.
    pub async fn with(server: &Server, javascript: bool, profile: &Path) -> Self {
        let port = free_port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is not installed: tests/run installs it");
        let address = format!("127.0.0.1:{port}");
        wait(|| std::net::TcpStream::connect(&address).is_ok());
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
        ] {
            capabilities.add_arg(argument).unwrap();
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.display())).unwrap();
        if !javascript {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            capabilities.add_experimental_option("prefs", off).unwrap();
        }
        let driver = WebDriver::new(format!("http://{address}"), capabilities).await.unwrap();
        Self { driver, process, base: server.base.clone() }
    }

    /// The WebDriver itself.
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Goes to a path of the server.
    pub async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    /// The path it is at.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.base).unwrap_or(url.as_str()).to_owned()
    }

    /// What can be read on the page.
    pub async fn text(&self) -> String {
        self.driver.find(By::Tag("body")).await.unwrap().text().await.unwrap()
    }

    /// Types into a field.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.driver.find(By::Css(format!("main [name={name}]"))).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses the button with these words.
    pub async fn press(&self, words: &str) {
        let path = format!("//button[starts-with(normalize-space(), '{words}')]");
        self.click_through(By::XPath(path)).await;
    }

    /// Presses the button in that place.
    pub async fn press_at(&self, place: &str) {
        self.click_through(By::Css(place)).await;
    }

    /// Sends the form of the page.
    pub async fn send(&self) {
        self.click_through(By::Css("main form button")).await;
    }

    /// Clicks, and waits until another page is there.
    async fn click_through(&self, what: By) {
        let before = self.driver.find(By::Tag("html")).await.unwrap();
        self.driver.find(what).await.unwrap().click().await.unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while before.tag_name().await.is_ok() {
            assert!(Instant::now() < end, "the click leads nowhere");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Logs in.
    pub async fn log_in(&self, name: &str) {
        self.go("/login").await;
        self.fill("login", name).await;
        self.fill("password", PASSWORD).await;
        self.send().await;
        assert!(self.text().await.contains("Log out"), "{}", self.text().await);
    }

    /// Presses the button of the frame that logs out.
    pub async fn press_log_out(&self) {
        self.go("/account").await;
        self.press("Log out").await;
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(command, parameters).await.unwrap()
    }

    /// Looks with a window of this width, in light or dark.
    pub async fn look(&self, width: u32, scheme: &str) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        // Without motion: a colour on its way from light to dark is neither.
        let scheme = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", scheme).await;
    }

    /// The value of a script.
    pub async fn script(&self, script: &str) -> Value {
        let done = self.driver.execute(script, Vec::new()).await.unwrap();
        done.json().clone()
    }

    /// Ends it.
    pub async fn quit(mut self) {
        self.driver.clone().quit().await.ok();
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
