//! What holds on every page: no barrier that axe finds, in light and in dark;
//! nothing to scroll sideways on a phone; HTML without errors.

#![expect(clippy::disallowed_types, reason = "runs the HTML checker")]

use std::path::Path;
use std::process::Command;

use doorward_browser_tests::{Browser, Server, here};
use serde_json::Value;

/// A page, looked at in every way.
struct Look<'a> {
    browser: &'a Browser,
    axe: String,
    html: &'a Path,
    shots: Option<std::path::PathBuf>,
    faults: Vec<String>,
}

impl Look<'_> {
    async fn at(&mut self, name: &str) {
        for width in [360, 1280] {
            for scheme in ["light", "dark"] {
                self.browser.look(width, scheme).await;
                let how = format!("{name}, {width} px, {scheme}");
                self.axe(&how).await;
                // Not against the window's own width: a phone's grows with its page.
                let wide = "return document.documentElement.scrollWidth";
                let wide = self.browser.script(wide).await.as_f64().unwrap();
                if wide > f64::from(width) {
                    self.faults.push(format!("{how}: the page is {wide} px wide"));
                }
                if let Some(shots) = &self.shots {
                    let file = shots.join(format!("{name}-{width}-{scheme}.png"));
                    self.browser.driver().screenshot(&file).await.unwrap();
                }
            }
        }
        let source = self.browser.driver().source().await.unwrap();
        let source = source.trim_start();
        let source = if source.to_lowercase().starts_with("<!doctype") {
            source.to_owned()
        } else {
            format!("<!doctype html>{source}")
        };
        std::fs::write(self.html.join(format!("{name}.html")), source).unwrap();
    }

    async fn axe(&mut self, how: &str) {
        self.browser.driver().execute(self.axe.as_str(), Vec::new()).await.unwrap();
        let run = "return axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => ({ id: v.id, help: v.help, where: v.nodes.map(n => n.html + ' | ' + n.failureSummary).slice(0, 3) })))";
        let violations = self.browser.script(run).await;
        for violation in violations.as_array().unwrap() {
            self.faults.push(format!("{how}: {violation}"));
        }
    }
}

/// Pages as they are served, for the checker of HTML.
async fn served(browser: &Browser, path: &str) -> String {
    let script = format!("return fetch('{path}').then(answer => answer.text())");
    browser.script(&script).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_without_barriers_fits_a_phone_and_is_valid() {
    let server = Server::start(&[]);
    let browser = Browser::start(&server).await;
    let html = tempfile::tempdir().unwrap();
    let axe = std::fs::read_to_string(here().join("node_modules/axe-core/axe.min.js"))
        .expect("axe-core is not there: tests/run installs it");
    let shots = std::env::var_os("BROWSER_SHOTS").map(|_| here().join("shots"));
    if let Some(shots) = &shots {
        std::fs::create_dir_all(shots).unwrap();
    }
    let mut look = Look { browser: &browser, axe, html: html.path(), shots, faults: Vec::new() };

    browser.driver().goto(&server.setup_link).await.unwrap();
    look.at("setup").await;
    server.account("chief", &["admin"]);
    for number in 0..12 {
        server.account(&format!("member-with-a-long-name-{number:02}"), &["editors"]);
    }
    for (path, name) in [
        ("/login", "login"),
        ("/register", "register"),
        ("/nowhere", "404"),
        ("/recover/used", "recover-gone"),
    ] {
        browser.go(path).await;
        look.at(name).await;
    }
    browser.go("/register").await;
    browser.fill("username", "a").await;
    browser.fill("email", "nobody").await;
    browser.fill("password", "short").await;
    browser.send().await;
    look.at("register-refused").await;
    let link = server.command(&["recover", "chief"], "");
    browser.driver().goto(&link).await.unwrap();
    look.at("recover").await;

    browser.log_in("member-with-a-long-name-00").await;
    browser.go("/admin/accounts").await;
    look.at("403").await;
    browser.press_log_out().await;
    look.at("logged-out").await;

    let other = Browser::start(&server).await;
    other.log_in("chief").await;
    browser.log_in("chief").await;
    for (path, name) in [
        ("/account", "account"),
        ("/account/sessions", "sessions"),
        ("/account/password", "password"),
        ("/account/delete", "delete"),
        ("/confirm?next=/account/password", "confirm"),
        ("/admin/accounts", "admin-accounts"),
        ("/admin/accounts?q=nobody", "admin-accounts-none"),
    ] {
        browser.go(path).await;
        look.at(name).await;
        std::fs::write(
            html.path().join(format!("{name}-served.html")),
            served(&browser, path).await,
        )
        .unwrap();
    }
    browser.go("/account/password").await;
    browser.fill("current_password", "not the one").await;
    browser.fill("new_password", "short").await;
    browser.send().await;
    look.at("password-refused").await;
    server.command(&["session", "revoke", "--account", "chief"], "");
    std::thread::sleep(std::time::Duration::from_secs(1));
    browser.go("/account").await;
    assert!(browser.text().await.contains("signed out"));
    look.at("login-with-reason").await;
    for (path, name) in [("/login", "login"), ("/register", "register"), ("/nowhere", "404")] {
        std::fs::write(
            html.path().join(format!("{name}-served.html")),
            served(&browser, path).await,
        )
        .unwrap();
    }

    let mut faults = look.faults;
    faults.extend(html_errors(html.path()));
    other.quit().await;
    browser.quit().await;
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn html_errors(folder: &Path) -> Vec<String> {
    let checker = here().join("node_modules/vnu-jar/build/dist/vnu.jar");
    assert!(checker.exists(), "vnu is not there: tests/run installs it");
    let output = Command::new("java")
        .args(["-Xss1m", "-jar"])
        .arg(checker)
        .args(["--format", "json", "--errors-only"])
        .arg(folder)
        .output()
        .expect("java is not installed: tests/run installs it");
    let report: Value = serde_json::from_slice(&output.stderr).expect("the checker's report");
    let messages = report["messages"].as_array().unwrap().iter();
    messages
        .map(|message| {
            format!("{}: {}: {}", message["url"], message["message"], message["extract"])
        })
        .collect()
}
