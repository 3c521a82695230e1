//! What holds on every page: no barrier that axe finds, in light and in dark;
//! nothing to scroll sideways on a phone; HTML without errors.

#![expect(clippy::disallowed_types, reason = "runs the HTML checker")]

use std::path::Path;
use std::process::Command;

use doorward_browser_tests::{Browser, Server, here, until};
use serde_json::Value;
use shared::routes::{self, filled, page_of};

/// A page, looked at in every way.
struct Look<'a> {
    browser: &'a Browser,
    axe: String,
    html: &'a Path,
    shots: Option<std::path::PathBuf>,
    faults: Vec<String>,
    /// How often the place of the navigation was looked at.
    navigations: usize,
}

impl Look<'_> {
    async fn look(&mut self, name: &str) {
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
                self.navigation(&how, width < 600).await;
                if let Some(shots) = &self.shots {
                    let file = shots.join(format!("{name}-{width}-{scheme}.png"));
                    self.browser.driver().screenshot(&file).await.unwrap();
                }
            }
        }
    }

    /// Of somebody signed in: next to the name and the button, on a phone below both, its words
    /// where the name begins.
    async fn navigation(&mut self, how: &str, phone: bool) {
        let places = "const box = (what) => document.querySelector('header.top ' + what)?.getBoundingClientRect(); const [brand, nav, button] = ['.brand', 'nav', 'form button'].map(box); if (!button) return null; const link = document.querySelector('header.top nav a'); const words = link.getBoundingClientRect().left + parseFloat(getComputedStyle(link).paddingLeft); return { aligned: Math.abs(words - brand.left) < 1, below: nav.top >= Math.max(brand.bottom, button.bottom), beside: nav.top < brand.bottom && nav.bottom > brand.top, button: button.top < brand.bottom && button.bottom > brand.top }";
        let places = self.browser.script(places).await;
        let right = if phone {
            places["below"] == true && places["aligned"] == true
        } else {
            places["beside"] == true
        };
        if !places.is_null() && (!right || places["button"] != true) {
            self.faults.push(format!("{how}: the navigation is not in its place: {places}"));
        }
        self.navigations += usize::from(!places.is_null());
    }

    /// Looks, and keeps the page as it is served for the checker of HTML.
    async fn at(&mut self, name: &str) {
        self.look(name).await;
        self.keep(name, &served(self.browser).await);
    }

    fn keep(&self, name: &str, source: &str) {
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

/// This page as it is served, not as the browser corrected it.
async fn served(browser: &Browser) -> String {
    let script = "return fetch(location.href).then(answer => answer.text())";
    browser.script(script).await.as_str().unwrap().to_owned()
}

/// What is answered to a form of this page, as it is served.
async fn served_answer(browser: &Browser, form: &str) -> String {
    let script = format!(
        "const form = document.querySelector('{form}'); return fetch(form.action, {{ method: 'POST', body: new URLSearchParams(new FormData(form)) }}).then(answer => answer.text())"
    );
    browser.script(&script).await.as_str().unwrap().to_owned()
}

fn axe() -> String {
    std::fs::read_to_string(here().join("node_modules/axe-core/axe.min.js"))
        .expect("axe-core is not there: tests/run installs it")
}

/// What answers with something else than a page, or, to somebody signed in, with another one.
const NO_PAGES: [&str; 11] = [
    // They go on to an application.
    "/enter",
    "/enter/on",
    "/",
    "/login",
    "/register",
    "/setup",
    "/recover/<token>",
    "/misdirected",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// The addresses of the pages for somebody signed in.
fn pages() -> Vec<String> {
    let is_page = |address: &String| {
        let is_file = [".csv", ".json", ".jsonl"].iter().any(|ending| address.ends_with(ending));
        let elsewhere = ["/api/", "/static/", "/auth/", "/.doorward/"]
            .iter()
            .any(|start| address.starts_with(start));
        !is_file && !elsewhere && !NO_PAGES.contains(&&**address)
    };
    let shown = routes::routes().into_iter().filter(|route| route.method == "GET");
    let pages: Vec<String> = shown.map(|route| route.address).filter(is_page).collect();
    assert!(pages.len() > 25, "{pages:?}");
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_without_barriers_fits_a_phone_and_is_valid() {
    let server = Server::start(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let browser = Browser::start(&server).await;
    let html = tempfile::tempdir().unwrap();
    let shots = std::env::var_os("BROWSER_SHOTS").map(|_| here().join("shots"));
    if let Some(shots) = &shots {
        std::fs::create_dir_all(shots).unwrap();
    }
    let mut look = Look {
        browser: &browser,
        axe: axe(),
        html: html.path(),
        shots,
        faults: Vec::new(),
        navigations: 0,
    };

    browser.driver().goto(&server.setup_link).await.unwrap();
    look.at("setup").await;
    server.account("chief", &["admin"]);
    server.command(&["role", "add", "editors"], "");
    let wiki = server.guard_wiki();
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
    look.keep("register-refused", &served_answer(&browser, "main form").await);
    browser.send().await;
    look.look("register-refused").await;
    let link = server.command(&["recover", "chief"], "");
    browser.driver().goto(&link).await.unwrap();
    look.at("recover").await;

    browser.log_in("member-with-a-long-name-00").await;
    browser.go("/admin/accounts").await;
    look.at("403").await;
    browser.go("/account/delete").await;
    look.at("delete").await;
    look.keep("logged-out", &served_answer(&browser, "form[action=\"/logout\"]").await);
    browser.log_in("member-with-a-long-name-00").await;
    browser.press_log_out().await;
    look.look("logged-out").await;

    let other = Browser::start(&server).await;
    other.log_in("chief").await;
    browser.log_in("chief").await;
    let (chief, member) = (server.id_of("chief"), server.id_of("member-with-a-long-name-01"));
    for address in pages() {
        let name = address.trim_start_matches('/').replace(['/', '<', '>'], "-");
        browser.go(&filled(page_of(&address), &member)).await;
        look.at(&name).await;
    }
    for (path, name) in [
        ("/admin?span=month", "admin-overview-month"),
        // Its own page, not the one with its button.
        ("/admin/undo/edit", "admin-undo"),
        ("/admin/accounts?q=nobody", "admin-accounts-none"),
        ("/admin/sessions/end?account=chief", "admin-sessions-end-some"),
        (&*format!("/admin/accounts/{chief}"), "admin-account-own"),
        (&*format!("/admin/accounts/disable?id={member}&id={chief}"), "admin-act-on-two"),
    ] {
        browser.go(path).await;
        look.at(name).await;
    }
    let explained = format!("/admin/applications/explain?url={wiki}/a/..%252Fadmin");
    browser.go(&explained).await;
    look.at("admin-applications-explained").await;
    for (path, name) in [
        ("/.doorward/entered", "application-entered"),
        ("/.doorward/explain", "application-explain"),
        ("/.doorward/callback?code=a&state=Mi4w.a", "application-without-cookies"),
    ] {
        browser.driver().goto(format!("{wiki}{path}")).await.unwrap();
        look.at(name).await;
    }
    browser.go(&format!("/admin/accounts/{member}/recovery")).await;
    browser.fill("reason", "asked for by phone").await;
    browser.send().await;
    look.look("admin-account-link").await;
    browser.go("/account/tokens/new").await;
    browser.fill("name", "Nightly backup").await;
    browser.send().await;
    assert!(browser.text().await.contains("is not shown again"));
    look.look("token-created").await;
    browser.go(&format!("/admin/accounts/disable?id={member}")).await;
    browser.fill("reason", "asked for by phone").await;
    browser.send().await;
    look.look("admin-account-off").await;
    browser.go("/account/password").await;
    browser.fill("current_password", "not the one").await;
    browser.fill("new_password", "short").await;
    look.keep("password-refused", &served_answer(&browser, "main form").await);
    browser.send().await;
    look.look("password-refused").await;
    server.command(&["session", "revoke", "--account", "chief"], "");
    until("the server knows it", async || {
        browser.go("/account").await;
        browser.text().await.contains("signed out")
    })
    .await;
    look.at("login-with-reason").await;

    assert!(look.navigations > 100, "{}", look.navigations);
    let mut faults = look.faults;
    faults.extend(html_errors(html.path()));
    other.quit().await;
    browser.quit().await;
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_find_faults_that_are_planted() {
    let server = Server::start(&[]);
    server.account("ada", &[]);
    let browser = Browser::start(&server).await;
    let html = tempfile::tempdir().unwrap();
    let (axe, html) = (axe(), html.path());
    let mut look =
        Look { browser: &browser, axe, html, shots: None, faults: Vec::new(), navigations: 0 };
    browser.go("/login").await;
    let plant = "const main = document.querySelector('main'); main.append(new Image()); const wide = document.createElement('div'); wide.style = 'width: 500px; height: 9px'; main.append(wide)";
    browser.script(plant).await;
    look.look("planted").await;
    let page = served(&browser).await;
    look.keep("planted", &page.replacen("<!doctype html>", "", 1));
    browser.log_in("ada").await;
    browser.script("document.querySelector('.top form').style.order = 3").await;
    look.look("planted").await;
    let mut faults = look.faults;
    faults.extend(html_errors(html));
    browser.quit().await;
    let not_there = "360 px, light: the navigation is not in its place";
    let wide = ["360 px, light: the page is", "360 px, dark: the page is"];
    for sign in ["image-alt", wide[0], wide[1], "doctype", not_there] {
        assert!(faults.iter().any(|fault| fault.contains(sign)), "{sign}: {faults:#?}");
    }
}

/// What the checker calls errors; its warnings are printed.
fn html_errors(folder: &Path) -> Vec<String> {
    let checker = here().join("node_modules/vnu-jar/build/dist/vnu.jar");
    assert!(checker.exists(), "vnu is not there: tests/run installs it");
    let output = Command::new("java")
        .args(["-Xss1m", "-jar"])
        .arg(checker)
        .args(["--format", "json"])
        .arg(folder)
        .output()
        .expect("java is not installed: tests/run installs it");
    let report: Value = serde_json::from_slice(&output.stderr).expect("the checker's report");
    let (errors, warnings): (Vec<&Value>, Vec<&Value>) =
        report["messages"].as_array().unwrap().iter().partition(|message| {
            message["type"].as_str().is_some_and(|kind| kind.ends_with("error"))
        });
    let say = |message: &Value| {
        format!("{}: {}: {}", message["url"], message["message"], message["extract"])
    };
    warnings.into_iter().for_each(|warning| println!("HTML warning: {}", say(warning)));
    errors.into_iter().map(say).collect()
}
