//! Chromium, driven as a person would.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

use crate::{PASSWORD, Server, free_port, until, wait};

/// A Chromium with a profile of its own.
pub struct Browser {
    driver: WebDriver,
    process: Child,
    base: String,
    /// Removed at the end; none when the test keeps the profile.
    _profile: Option<TempDir>,
}

impl Browser {
    /// A fresh one.
    pub async fn start(server: &Server) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self::with(server, true, profile.path()).await;
        browser._profile = Some(profile);
        browser
    }

    /// With JavaScript on or off, in that profile folder.
    pub async fn with(server: &Server, javascript: bool, profile: &Path) -> Self {
        let port = free_port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Chromium joins the driver's group, and both can be ended together.
            .process_group(0)
            .spawn()
            .expect("chromedriver is not installed: tests/run installs it");
        let address = format!("127.0.0.1:{port}");
        wait("the driver listens", || std::net::TcpStream::connect(&address).is_ok());
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
        let driver = WebDriver::new(format!("http://{address}"), capabilities)
            .await
            .expect("Chromium does not start: tests/run installs it");
        Self { driver, process, base: server.base.clone(), _profile: None }
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
        until("the click leads to another page", async || before.tag_name().await.is_err()).await;
    }

    /// Logs in.
    pub async fn log_in(&self, name: &str) {
        self.go("/login").await;
        self.fill("login", name).await;
        self.fill("password", PASSWORD).await;
        self.send().await;
        assert!(self.text().await.contains("Sign out"), "{}", self.text().await);
    }

    /// Presses the button of the frame that logs out.
    pub async fn press_log_out(&self) {
        self.go("/account").await;
        self.press("Sign out").await;
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

    /// A cookie's value, if the browser has it and it is not over.
    pub async fn cookie(&self, name: &str) -> Option<String> {
        self.driver.get_named_cookie(name).await.ok().map(|cookie| cookie.value)
    }

    /// Which refresh token it holds, counted from the log-in.
    pub async fn generation(&self) -> u64 {
        let token = self.cookie("__Host-rt").await.expect("a refresh token");
        token.split('.').nth(2).unwrap().parse().unwrap()
    }

    /// Waits until the access token is over, and the browser dropped it.
    pub async fn outwait_access_token(&self) {
        until("the access token is over", async || self.cookie("__Host-at").await.is_none()).await;
    }

    /// Closes it in order, as a person does: cookies get to the disk.
    pub async fn quit(self) {
        self.driver.clone().quit().await.ok();
    }
}

impl Drop for Browser {
    /// Also after a failed test: no Chromium stays behind.
    fn drop(&mut self) {
        kill_process_group(Pid::from_child(&self.process), Signal::KILL).ok();
        self.process.wait().ok();
    }
}
