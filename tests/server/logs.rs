//! No secret is ever in the log, at any level, in either form.

use crate::browser::Browser;
use crate::server::Server;

const RIGHT: &str = "canary-right-lantern-harbour";
const WRONG: &str = "canary-wrong-river-stone";
const SHORT: &str = "canary-shrt";

/// Everything that handles a secret, right and wrong. Returns the secrets.
fn a_full_story(server: &Server) -> Vec<String> {
    let mut secrets = vec![RIGHT.to_owned(), WRONG.to_owned(), SHORT.to_owned()];
    server.done(&["account", "add", "ada", "ada@example.org", "--password-stdin"], RIGHT);
    let browser = Browser::of(server);
    let page = browser.token("/register");
    secrets.push(page.clone());
    browser.post_with(
        "/register",
        &page,
        &[("username", "bob"), ("email", "b@example.org"), ("password", SHORT)],
    );
    browser.form("/register", format!("username=bob&username=eve&password={WRONG}").as_bytes());
    browser.form("/register", format!("_method=PUT&password={WRONG}").as_bytes());
    browser.form("/login", format!("csrf=forged&login=ada&password={WRONG}").as_bytes());
    browser.send("POST", "/login", "Sec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n", b"");
    browser.post("/login", &[("login", WRONG), ("password", WRONG)]);
    browser.post("/login", &[("login", "ada"), ("password", WRONG)]);
    browser.post("/login", &[("login", "ada"), ("password", RIGHT)]);
    secrets.extend([browser.cookie("__Host-at"), browser.cookie("__Host-rt")]);
    browser.get(&format!("/nowhere/{}?token={}", browser.cookie("__Host-at"), WRONG));
    browser.get(&format!("/static/{WRONG}"));
    browser.post("/account/password", &[("current_password", WRONG), ("new_password", SHORT)]);
    browser.cookies.forget("__Host-at");
    browser.get("/account");
    secrets.extend([browser.cookie("__Host-at"), browser.cookie("__Host-rt")]);
    browser.cookies.set("__%48ost-at", WRONG);
    browser.get("/account");
    browser.cookies.forget("__%48ost-at");
    let forged = browser.copied();
    forged.cookies.forget("__Host-at");
    let mut refresh = browser.cookie("__Host-rt");
    let last = if refresh.pop() == Some('A') { 'E' } else { 'A' };
    refresh.push(last);
    forged.cookies.set("__Host-rt", &refresh);
    forged.get("/account");
    let link = server.done(&["recover", "ada"], "");
    secrets.push(link[link.find("/recover/").unwrap() + 9..].to_owned());
    let path = link[link.find("/recover/").unwrap()..].to_owned();
    browser.get(&path);
    browser.post(&path, &[("new_password", SHORT)]);
    let body = format!(r#"{{"login":"ada","password":"{RIGHT}"}}"#);
    let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let tokens = browser.send("POST", "/api/login", &headers, body.as_bytes()).body;
    let token =
        tokens.split("\"access_token\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.send("GET", "/api/me", &format!("Authorization: Bearer {token}\r\n"), b"");
    browser.send("GET", &format!("/api/me?access_token={token}"), "", b"");
    browser.send("GET", "/api/me", &format!("Authorization: Bearer {WRONG}\r\n"), b"");
    secrets.push(token);
    secrets
}

fn log_of_a_full_story(format: &str) -> String {
    let server = Server::with(&[
        ("DOORWARD_LOG_LEVEL", "debug"),
        ("DOORWARD_LOG_FORMAT", format),
        ("ROCKET_LOG_LEVEL", "debug"),
        ("RUST_LOG", "trace"),
        ("DOORWARD_ALLOW_QUERY_TOKEN", "true"),
    ]);
    let mut secrets = a_full_story(&server);
    secrets.push(
        std::fs::read_to_string(server.folder.path().join("data/setup-token"))
            .unwrap()
            .trim()
            .to_owned(),
    );
    let log = server.stderr();
    for secret in secrets {
        assert!(secret.len() > 8, "{secret}");
        assert!(!log.contains(&secret), "{secret} is in the log");
        // The one secret on standard output is the setup link, printed at the start.
        assert!(
            server.stdout().matches(&secret).count()
                <= usize::from(server.stdout().contains(&format!("/setup?token={secret}")))
        );
    }
    log
}

#[test]
fn no_secret_is_in_the_log_as_text() {
    let log = log_of_a_full_story("text");
    assert!(log.contains("auth.login.fail") && log.contains("request"), "{log}");
}

#[test]
fn no_secret_is_in_the_log_as_json_and_every_line_parses() {
    let log = log_of_a_full_story("json");
    for line in log.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
        if line["message"] == "audit" && line["address"] != "command line" {
            assert!(!line["id"].as_str().unwrap().is_empty(), "{line}");
        }
    }
    assert!(log.lines().count() > 20);
}

#[test]
fn attempts_to_get_around_what_protects_are_in_the_log_with_address_and_request() {
    let log = log_of_a_full_story("json");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (what, reason) in [
        ("csrf.fail", "origin"),
        ("csrf.fail", "token"),
        ("cookie.spoof", ""),
        ("token.invalid", "Shape"),
        ("token.invalid", "refresh token"),
    ] {
        let found = lines.iter().find(|line| {
            line["message"] == what && (reason.is_empty() || line["reason"] == reason)
        });
        let line = found.unwrap_or_else(|| panic!("{what} {reason}: {log}"));
        assert_eq!(line["address"], "127.0.0.1", "{line}");
        assert!(!line["id"].as_str().unwrap_or_default().is_empty(), "{line}");
    }
}
