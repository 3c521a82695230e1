//! What the command line does to a running server acts within a second;
//! what has ended stays so across a restart.

use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::raw;
use crate::server::{PASSWORD, Server, wait};

/// Whether it becomes so within a second and a little (the machine is shared).
fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + Duration::from_millis(2500);
    while Instant::now() < end {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

fn signed_in(server: &Server, name: &str) -> Browser {
    let browser = Browser::of(server);
    browser.log_in(name);
    assert!(browser.is_signed_in());
    browser
}

#[test]
fn ended_sessions_and_revoked_tokens_are_refused_by_the_running_server() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let whole = signed_in(&server, "ada");
    let sid = &server.each(&["session", "list", "ada"], "session")[0];
    server.done(&["session", "revoke", "--", sid], "");
    assert!(soon(|| !whole.is_signed_in()));
    assert!(whole.get("/login").body.contains("by an administrator"));

    let token_only = signed_in(&server, "ada");
    let rest = token_only.copied();
    token_only.cookies.forget("__Host-rt");
    server.done(&["token", "revoke"], &token_only.cookie("__Host-at"));
    assert!(soon(|| !token_only.is_signed_in()));
    assert!(rest.is_signed_in(), "its session goes on");

    let all = [signed_in(&server, "ada"), signed_in(&server, "ada")];
    server.done(&["session", "revoke", "--account", "ada"], "");
    assert!(soon(|| all.iter().all(|browser| !browser.is_signed_in())));
    server.restart();
    for browser in all.iter().chain([&whole, &token_only]) {
        assert!(!browser.is_signed_in(), "also after a restart");
    }
    let unknown = server.run(&["token", "revoke"], "nonsense");
    assert_eq!(unknown.status.code(), Some(1));
}

#[test]
fn names_that_begin_with_a_hyphen_are_names() {
    let server = Server::start();
    for sid in ["-hAAAAAAAAAAAAAAAAAAAA", "--AAAAAAAAAAAAAAAAAAAA", "-AAAAAAAAAAAAAAAAAAAAA"] {
        let output = server.run(&["session", "revoke", sid], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("There is no live session"), "{said}");
        server.done(&["token", "revoke", sid], "");
    }
    let mistyped = server.run(&["session", "revoke", "--acount"], "");
    assert_eq!(mistyped.status.code(), Some(2));
}

#[test]
fn a_whole_token_among_the_arguments_works_and_is_warned_about() {
    let server = Server::start();
    server.account("ada", &[]);
    let browser = signed_in(&server, "ada");
    browser.cookies.forget("__Host-rt");
    let output = server.run(&["token", "revoke", &browser.cookie("__Host-at")], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("standard input"), "{said}");
    assert!(soon(|| !browser.is_signed_in()));
}

#[test]
fn an_account_is_switched_off_demoted_and_deleted_at_once() {
    let server = Server::start();
    server.account("chief", &["admin"]);
    server.account("other", &["admin"]);
    let other = signed_in(&server, "other");
    let answer = other.get("/admin/accounts");
    assert_eq!(answer.status, 200, "{}", answer.raw);
    server.done(&["account", "set-roles", "other"], "");
    assert!(soon(|| other.get("/admin/accounts").status == 403));
    server.done(&["account", "disable", "other"], "");
    assert!(soon(|| !other.is_signed_in()));
    server.done(&["account", "enable", "other"], "");
    let again = signed_in(&server, "other");
    assert!(again.is_signed_in());
    server.done(&["account", "delete", "other", "--yes"], "");
    assert!(soon(|| !again.is_signed_in()));
    for command in [
        &["account", "delete", "chief", "--yes"][..],
        &["account", "disable", "chief"],
        &["account", "set-roles", "chief"],
    ] {
        let refused = server.run(command, "");
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            String::from_utf8_lossy(&refused.stderr).contains("last administrator"),
            "{command:?}"
        );
    }
}

/// The name of the key in the access token of a fresh log-in.
fn signs_with(server: &Server) -> String {
    let browser = Browser::of(server);
    browser.log_in("bob");
    let token = browser.cookie("__Host-at");
    let head = doorward::base::secrets::decode(token.split('.').next().unwrap()).unwrap();
    let head: serde_json::Value = serde_json::from_slice(&head).unwrap();
    head["kid"].as_str().unwrap().to_owned()
}

#[test]
fn a_rotated_key_signs_nobody_out_and_a_revoked_one_says_why() {
    let server = Server::start();
    server.account("ada", &[]);
    server.account("bob", &[]);
    let browser = signed_in(&server, "ada");
    let kid = |purpose: &str| {
        let listed = server.listed(&["keys", "list"]);
        let signs =
            listed.iter().find(|key| key["purpose"] == purpose && key["state"] == "signs").unwrap();
        signs["key"].as_str().unwrap().to_owned()
    };
    let refresh = kid("refresh");
    // The access key last: a server that signs with it has loaded the others.
    for purpose in ["refresh", "form", "browser", "throttle", "access"] {
        server.done(&["keys", "rotate", purpose], "");
    }
    wait(|| signs_with(&server) == kid("access"));
    assert!(browser.is_signed_in());
    let access = browser.cookie("__Host-at");
    browser.cookies.forget("__Host-at");
    // Signed by the old refresh key, carried on by the new one.
    assert!(browser.is_signed_in());
    assert_ne!(browser.cookie("__Host-at"), access);
    server.done(&["keys", "revoke", &refresh], "");
    server.done(&["keys", "rotate", "access"], "");
    wait(|| signs_with(&server) == kid("access"));
    assert!(browser.is_signed_in(), "it rests on the new key by now");
    server.done(&["keys", "revoke", &kid("refresh")], "");
    assert!(soon(|| !browser.is_signed_in()));
    assert!(browser.get("/login").body.contains("replaced a key"));
    assert_eq!(server.run(&["keys", "revoke", "0000000000000000"], "").status.code(), Some(1));
}

#[test]
fn a_recovery_link_from_the_command_line_works_once() {
    let server = Server::start();
    server.account("ada", &[]);
    let link = server.done(&["recover", "ada@example.org"], "");
    let path = &link[link.find("/recover/").unwrap()..];
    let browser = Browser::of(&server);
    assert_eq!(browser.post(path, &[("new_password", "a lantern in the harbour")]).status, 303);
    assert_eq!(browser.get(path).status, 404);
    let changed =
        browser.post("/login", &[("login", "ada"), ("password", "a lantern in the harbour")]);
    assert_eq!(changed.status, 303);
}

#[test]
fn what_was_saved_before_logging_out_is_worth_nothing_even_after_a_restart() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let browser = signed_in(&server, "ada");
    let saved = browser.copied();
    let token = browser.button();
    assert_eq!(browser.post_with("/logout", &token, &[]).status, 303);
    assert!(!saved.is_signed_in());
    server.restart();
    assert!(!saved.is_signed_in());
}

#[test]
fn an_expired_access_token_is_refreshed_for_pages_and_forms_and_many_at_once() {
    let server = Server::with(&[("DOORWARD_ACCESS_TOKEN_SECONDS", "1")]);
    server.account("ada", &[]);
    let browser = signed_in(&server, "ada");
    let token = browser.token("/confirm");
    browser.cookies.forget("__Host-at");
    let answer =
        browser.post_with("/confirm", &token, &[("password", PASSWORD), ("next", "/account")]);
    assert_eq!(answer.status, 303, "{}", answer.raw);
    assert_eq!(answer.header("location"), Some("/account"));
    browser.cookies.forget("__Host-at");
    let tabs: Vec<Browser> = (0..12).map(|_| browser.copied()).collect();
    let answers: Vec<(bool, String)> = std::thread::scope(|scope| {
        let asked: Vec<_> = tabs
            .into_iter()
            .map(|tab| scope.spawn(move || (tab.is_signed_in(), tab.cookie("__Host-rt"))))
            .collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        answers.iter().all(|(let_in, cookie)| *let_in && *cookie == answers[0].1),
        "all get the same"
    );
}

#[test]
fn the_doctor_says_what_is_in_order_and_what_to_mend() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    server.account("chief", &["admin"]);
    let said = server.done(&["doctor"], "");
    for words in [
        "ok       Only the owner can read",
        "ok       The keys were made today.",
        "ok       The database answers",
        "warning  There is one administrator",
        "sign-ins a minute",
        "warning  No proxy is trusted",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let folder = server.folder.path().join("data");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = server.run(&["doctor"], "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("PROBLEM  Others can look into"), "{said}");
}

#[test]
fn the_command_line_sees_what_the_server_saw_of_proxies() {
    let mut server = Server::with(&[("DOORWARD_TRUSTED_PROXIES", r#"["10.0.0.1"]"#)]);
    server.account("ada", &[]);
    let file = server.folder.path().join("applications.toml");
    let text = "[[application]]\nslug = \"wiki\"\nname = \"Wiki\"\nhosts = [\"wiki.localhost\"]\nneeds = \"members\"\nanyone_may_register = true\n";
    std::fs::write(&file, text).unwrap();
    server.done(&["application", "apply", file.to_str().unwrap(), "--yes"], "");
    // It knows the application before anybody asks about it.
    server.restart();
    let says = || String::from_utf8(server.run(&["doctor"], "").stdout).unwrap();
    let before = says();
    assert!(before.contains("warning  No proxy asked about Wiki"), "{before}");
    assert!(!before.contains("is not trusted"), "{before}");
    let ask = || {
        let headers = "Host: doorward.internal\r\nX-Forwarded-Host: wiki.localhost\r\n";
        raw::exchange(
            server.port,
            format!("GET /auth/verify/wiki HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
                .as_bytes(),
        )
    };
    wait(|| ask().is_some_and(|answer| answer.body.contains("untrusted_proxy")));
    wait(|| says().contains("PROBLEM  127.0.0.1 asks about Wiki and is not trusted"));
    for _ in 0..5 {
        ask();
    }
    let logged = server.stdout() + &server.stderr();
    assert_eq!(logged.matches("check.untrusted_proxy").count(), 1, "one line a minute: {logged}");
}
