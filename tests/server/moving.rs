//! Backups, and moving from one database to another.

use shared::databases;

use crate::browser::Browser;
use crate::server::{Server, program, run, wait};

#[test]
fn a_backup_taken_while_it_runs_comes_back_without_reviving_what_had_ended() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let (kept, ended) = (Browser::of(&server), Browser::of(&server));
    kept.log_in("ada");
    ended.log_in("ada");
    let file = server.folder.path().join("copy.db");
    let file = file.to_str().unwrap();
    server.done(&["backup", file], "");
    let again = server.run(&["backup", file], "");
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists already"));
    // After the backup: somebody logs out, somebody comes.
    let thief = ended.copied();
    let token = ended.button();
    ended.post_with("/logout", &token, &[]);
    server.account("bob", &[]);
    let running = server.run(&["restore", file], "");
    assert!(String::from_utf8_lossy(&running.stderr).contains("Stop it first"), "{running:?}");
    assert!(server.stop().success());
    server.done(&["restore", file], "");
    server.start_again();
    for browser in [&thief, &kept] {
        let answer = browser.get("/account");
        assert_eq!(answer.status, 303, "{}", answer.raw);
        let page = browser.get("/login").body;
        assert!(page.contains("restored from a backup"), "{page}");
    }
    kept.log_in("ada");
    assert!(kept.is_signed_in());
    assert!(!server.done(&["account", "list"], "").contains("bob"), "as it was then");
    server.done(&["audit", "verify"], "");
}

#[test]
fn a_backup_that_others_could_read_becomes_a_database_that_they_cannot() {
    use std::os::unix::fs::PermissionsExt;
    let mut server = Server::start();
    server.done(&["backup", "copy.db"], "");
    let file = server.folder.path().join("copy.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(server.stop().success());
    server.done(&["restore", "copy.db"], "");
    server.start_again();
}

#[test]
fn a_backup_goes_through_no_link_that_somebody_put_in_its_place() {
    let server = Server::start();
    let (file, elsewhere) = ("copy.db", server.folder.path().join("elsewhere.db"));
    std::os::unix::fs::symlink(&elsewhere, server.folder.path().join(file)).unwrap();
    let refused = server.run(&["backup", file], "");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("exists already") && !elsewhere.exists(), "{said}");
}

#[test]
fn a_seal_that_was_kept_elsewhere_is_looked_for_in_the_chain() {
    let server = Server::start();
    server.account("ada", &[]);
    let said = server.done(&["audit", "verify"], "");
    let seal = said.split_once("The newest seal: ").unwrap().1.trim();
    let (position, hash) = seal.split_once(' ').unwrap();
    server.account("bob", &[]);
    let said = server.done(&["audit", "verify", "--kept", position, hash], "");
    assert!(said.contains("The seal that was kept is in the chain."), "{said}");
    for (position, hash) in [(position, "AAAA"), ("99999", hash), ("-1", "-AAA"), ("x", hash)] {
        let refused = server.run(&["audit", "verify", "--kept", position, hash], "");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("is not in the chain"), "{said}");
    }
}

#[test]
fn a_password_among_the_arguments_is_refused_and_not_repeated() {
    let server = Server::start();
    let to = "postgres://doorward:hunter2@127.0.0.1:1/doorward";
    let refused = server.run(&["copy", "--from", "sqlite://data/doorward.db", "--to", to], "");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("PGPASSWORD") && !said.contains("hunter2"), "{said}");
}

#[test]
fn what_is_no_backup_leaves_everything_as_it_was() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    assert!(server.stop().success());
    let file = server.folder.path().join("no.db");
    let file = file.to_str().unwrap();
    for content in [&b"not a database at all"[..], &[0; 8192]] {
        std::fs::write(file, content).unwrap();
        let refused = server.run(&["restore", file], "");
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    }
    let missing = server.run(&["restore", "nowhere.db"], "");
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot be read"), "{missing:?}");
    server.start_again();
    assert!(browser.is_signed_in());
}

#[test]
fn a_link_that_was_used_since_the_backup_does_not_work_again_after_a_restore() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let link = server.done(&["recover", "ada"], "");
    let link = &link[link.find("/recover/").unwrap()..];
    server.done(&["backup", "backup.db"], "");
    let browser = Browser::of(&server);
    let used = browser.post(link, &[("new_password", "a lantern in the harbour")]);
    assert_eq!(used.status, 303, "{}", used.raw);
    assert_eq!(browser.get(link).status, 404);
    assert!(server.stop().success());
    server.done(&["restore", "backup.db"], "");
    server.start_again();
    assert_eq!(Browser::of(&server).get(link).status, 404);
}

#[test]
fn everything_moves_to_postgresql_and_back() {
    if databases::needed_postgres().is_none() {
        return;
    }
    let mut server = Server::start();
    server.account("ada", &["editors"]);
    server.account("chief", &["admin"]);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    browser.post("/login", &[("login", "nobody"), ("password", "a guess")]);
    assert!(server.stop().success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let there = runtime.block_on(databases::fresh(std::path::Path::new("/")));
    let here = format!("sqlite://{}/data/doorward.db", server.folder.path().display());
    let back = format!("sqlite://{}/back.db", server.folder.path().display());
    let copied = server.done(&["copy", "--from", &here, "--to", &there], "");
    assert!(copied.contains("accounts: 2 rows") && copied.contains("are the same"), "{copied}");
    let refused = server.run(&["copy", "--from", &here, "--to", &there], "");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not empty"), "{refused:?}");

    let keys = server.folder.path().join("data/keys.json");
    let moved = Server::with(&[
        ("DOORWARD_DATABASE_URL", &there),
        ("DOORWARD_KEYS_FILE", keys.to_str().unwrap()),
        ("DOORWARD_BASE_URL", &format!("http://localhost:{}", server.port)),
    ]);
    let same = browser.on(moved.port);
    wait(|| same.get_as("/account", server.port).status == 200);
    moved.account("bob", &[]);
    moved.done(&["audit", "verify"], "");
    drop(moved);

    server.done(&["copy", "--from", &there, "--to", &back], "");
    let mut list = program(server.folder.path());
    list.args(["account", "list"]).env("DOORWARD_DATABASE_URL", &back);
    let listed = run(&mut list, "");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in ["ada", "bob", "chief"] {
        assert!(listed.contains(name), "{listed}");
    }
}
