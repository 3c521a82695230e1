//! Restoring where nothing is yet, and how many backups are kept.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::browser::Browser;
use crate::server::{PASSWORD, Server, program, run};

fn names(folder: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    fs::read_dir(folder).unwrap().map(|entry| name(entry).into_string().unwrap()).collect()
}

/// What a command in that folder says, and whether it succeeded.
fn said(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = run(program(folder).args(arguments), "");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.success(), text.concat())
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let (done, said) = said(folder, arguments);
    assert!(!done, "{arguments:?}: {said}");
    said
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let (done, said) = said(folder, arguments);
    assert!(done, "{arguments:?}: {said}");
    said
}

/// A server with an account, and its backup in the file `backup.db` of a new folder.
fn moved(arguments: &[&str]) -> (Server, tempfile::TempDir) {
    let server = Server::start();
    server.account("ada", &[]);
    let there = tempfile::tempdir().unwrap();
    let file = there.path().join("backup.db");
    server.done(&[&["backup", file.to_str().unwrap()], arguments].concat(), "");
    (server, there)
}

fn signs_in(folder: tempfile::TempDir) {
    let server = Server::in_folder(folder, &[]);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    assert!(browser.is_signed_in());
}

#[test]
fn a_restore_without_keys_says_where_to_put_them_and_leaves_nothing() {
    let (server, there) = moved(&[]);
    let folder = there.path();
    let path = folder.display();
    for _ in 0..2 {
        let said = refused(folder, &["restore", "backup.db"]);
        assert!(said.contains("The key file is missing; nothing was restored"), "{said}");
        assert!(said.contains(&format!("{path}/backup.db.keys.json")), "{said}");
        assert!(said.contains(&format!("{path}/data/keys.json")), "{said}");
        assert!(!said.contains("no backup"), "{said}");
        assert_eq!(names(folder), BTreeSet::from(["backup.db".to_owned()]));
    }
    // However they were copied.
    let keys = folder.join("backup.db.keys.json");
    fs::copy(server.its_data("keys.json"), &keys).unwrap();
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).unwrap();
    let said = done(folder, &["restore", "backup.db"]);
    assert!(said.contains("The backup is in place"), "{said}");
    assert!(!said.contains("What was there before"), "{said}");
    let there_now = names(&folder.join("data"));
    assert!(there_now.contains("keys.json") && there_now.contains("doorward.db"), "{there_now:?}");
    assert!(there_now.iter().all(|name| !name.contains("restoring")), "{there_now:?}");
    let mode = fs::metadata(folder.join("data/keys.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    signs_in(there);
}

#[test]
fn keys_that_are_in_place_are_used_and_stay_as_they_are() {
    let (server, there) = moved(&["--with-keys"]);
    let (data, keys) = (there.path().join("data"), there.path().join("data/keys.json"));
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    fs::copy(server.its_data("keys.json"), &keys).unwrap();
    fs::write(there.path().join("backup.db.keys.json"), "not those").unwrap();
    done(there.path(), &["restore", "backup.db"]);
    assert_eq!(fs::read(&keys).unwrap(), fs::read(server.its_data("keys.json")).unwrap());
    signs_in(there);
}

#[test]
fn a_backup_with_its_keys_comes_back_in_one_command() {
    let (server, there) = moved(&["--with-keys"]);
    let keys = there.path().join("backup.db.keys.json");
    assert_eq!(fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&keys).unwrap(), fs::read(server.its_data("keys.json")).unwrap());
    let said = done(there.path(), &["restore", "backup.db"]);
    assert!(said.contains("Its keys are in data/keys.json"), "{said}");
    signs_in(there);
}

#[test]
fn a_backup_with_keys_leaves_no_half_of_itself() {
    let server = Server::start();
    let folder = server.folder.path();
    fs::write(folder.join("copy.db.keys.json"), "somebody else's").unwrap();
    let output = server.run(&["backup", "--with-keys", "copy.db"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("copy.db.keys.json exists"), "{said}");
    assert!(!folder.join("copy.db").exists());
    assert_eq!(fs::read_to_string(folder.join("copy.db.keys.json")).unwrap(), "somebody else's");
}

#[test]
fn what_cannot_be_restored_leaves_nothing() {
    let (_server, there) = moved(&["--with-keys"]);
    let folder = there.path();
    let keys = folder.join("backup.db.keys.json");
    let kept = fs::read_to_string(&keys).unwrap();
    let before = names(folder);
    let refused = |file: &str, why: &str| {
        let said = refused(folder, &["restore", file]);
        assert!(said.contains(why), "{said}");
    };
    refused("nowhere.db", "The backup nowhere.db cannot be read");
    fs::write(&keys, "{}").unwrap();
    refused("backup.db", "backup.db.keys.json is no key file of Doorward");
    let foreign = Server::start();
    fs::copy(foreign.its_data("keys.json"), &keys).unwrap();
    refused("backup.db", "written with other keys than those in backup.db.keys.json");
    fs::write(&keys, kept).unwrap();
    assert_eq!(names(folder), before);
    fs::write(folder.join("text.db"), "no database").unwrap();
    fs::copy(&keys, folder.join("text.db.keys.json")).unwrap();
    refused("text.db", "text.db is no backup of Doorward: it is not a SQLite database");
    let mut damaged = fs::read(folder.join("backup.db")).unwrap();
    damaged.truncate(8192);
    fs::write(folder.join("text.db"), damaged).unwrap();
    refused("text.db", "text.db is no backup of Doorward");
    assert!(!folder.join("data").exists());
}

#[test]
fn what_a_killed_server_left_in_its_log_is_restored_with_its_file() {
    let mut server = Server::start();
    server.account("ada", &[]);
    server.kill();
    let there = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("doorward.db", "backup.db"),
        ("doorward.db-wal", "backup.db-wal"),
        ("keys.json", "backup.db.keys.json"),
    ] {
        assert!(fs::copy(server.its_data(from), there.path().join(to)).unwrap() > 0, "{from}");
    }
    done(there.path(), &["restore", "backup.db"]);
    let listed = done(there.path(), &["account", "list"]);
    assert!(listed.contains("ada"), "{listed}");
    let left = names(&there.path().join("data"));
    assert!(left.iter().all(|name| !name.contains("restoring")), "{left:?}");
}

#[test]
fn what_was_there_is_kept_however_often_something_is_restored() {
    let mut server = Server::start();
    server.account("first", &[]);
    let folder = server.folder.path().to_owned();
    server.done(&["backup", "first.db"], "");
    server.account("second", &[]);
    // Killed: a part of it is in its log.
    server.kill();
    for name in ["doorward.replaced", "doorward.replaced-2", "doorward.replaced-3"] {
        let said = done(&folder, &["restore", "first.db"]);
        assert!(said.contains(&format!("What was there before is data/{name}.")), "{said}");
        assert!(!done(&folder, &["account", "list"]).contains("second"));
    }
    let left = names(&folder.join("data"));
    assert!(left.contains("doorward.replaced-wal"), "{left:?}");
    // The first of them is the one with the second account.
    for (name, expected) in [("doorward.replaced-2", false), ("doorward.replaced", true)] {
        done(&folder, &["restore", &format!("data/{name}")]);
        let listed = done(&folder, &["account", "list"]);
        assert_eq!(listed.contains("second"), expected, "{name}: {listed}");
    }
}

#[test]
fn a_restore_that_is_refused_leaves_the_lock_of_a_running_server() {
    let (server, there) = moved(&["--with-keys"]);
    let backup = there.path().join("backup.db");
    let backup = backup.to_str().unwrap();
    let restore = || refused(server.folder.path(), &["restore", backup]);
    assert!(restore().contains("Another Doorward already serves"));
    assert!(server.its_data("doorward.lock").exists());
    assert!(restore().contains("Another Doorward already serves"));
}

#[test]
fn a_backup_whose_keys_are_lost_is_restored_only_on_purpose() {
    let (_server, there) = moved(&[]);
    let said = done(there.path(), &["restore", "backup.db", "--new-keys"]);
    assert!(said.contains("New keys are in data/keys.json"), "{said}");
    signs_in(there);
}

#[test]
fn a_folder_keeps_the_newest_backups_and_everything_else_in_it() {
    let server = Server::start();
    server.account("ada", &[]);
    let folder = server.folder.path().join("backups");
    fs::create_dir(&folder).unwrap();
    let old: Vec<String> = (1..=4).map(|day| format!("doorward-2020010{day}T033000Z.db")).collect();
    for name in &old {
        fs::write(folder.join(name), "a backup").unwrap();
        fs::write(folder.join(format!("{name}.keys.json")), "").unwrap();
    }
    let others = ["doorward.db", "doorward-20200101T033000Z.db.gz", "notes", "doorward-old.db"];
    for name in others {
        fs::write(folder.join(name), "").unwrap();
    }
    std::os::unix::fs::symlink("notes", folder.join("doorward-20190101T000000Z.db")).unwrap();
    let before = names(&folder);
    let said = server.run(&["backup", "--keep", "3", "backups"], "");
    assert!(said.status.success(), "{said:?}");
    assert!(String::from_utf8_lossy(&said.stderr).contains("2 older backups removed."), "{said:?}");
    let left = names(&folder);
    for name in others.into_iter().chain(["doorward-20190101T000000Z.db"]) {
        assert!(left.contains(name), "{name}: {left:?}");
    }
    for (name, kept) in old.iter().zip([false, false, true, true]) {
        for name in [name.clone(), format!("{name}.keys.json")] {
            assert_eq!(left.contains(&name), kept, "{name}: {left:?}");
        }
    }
    let new = left.difference(&before).next().unwrap();
    // It is a whole backup.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(folder.join(new), elsewhere.path().join("backup.db")).unwrap();
    fs::copy(server.its_data("keys.json"), elsewhere.path().join("backup.db.keys.json")).unwrap();
    done(elsewhere.path(), &["restore", "backup.db"]);
    let listed = done(elsewhere.path(), &["account", "list"]);
    assert!(listed.contains("ada"), "{listed}");
    for (arguments, why) in [
        (&["backup", "--keep", "3", "nowhere"][..], "nowhere is no folder"),
        (&["backup", "--keep", "0", "backups"], "invalid value"),
    ] {
        let output = server.run(arguments, PASSWORD);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
}
