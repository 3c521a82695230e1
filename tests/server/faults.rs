//! What can go wrong with a machine: a full disk, a disk that takes nothing, a
//! damaged file, a clock set back, a key file that is gone. Each time: a clear
//! sentence, the right status, and everything as before once it is repaired.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::browser::Browser;
use crate::server::{PASSWORD, Server, program, program_after, run, wait};

const LOG_IN: [(&str, &str); 2] = [("login", "ada"), ("password", PASSWORD)];

fn register(server: &Server) {
    let fields = [("username", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let answer = Browser::of(server).post("/register", &fields);
    assert_eq!(answer.status, 303, "{}", answer.raw);
}

fn ready(server: &Server) -> u16 {
    Browser::of(server).get("/readyz").status
}

fn log_out(browser: &Browser) {
    let token = browser.button();
    assert_eq!(browser.post_with("/logout", &token, &[]).status, 303);
}

/// It must end at once, with one sentence.
fn refuses_to_start(mut command: Command) -> String {
    let output = run(&mut command, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn a_full_disk_turns_away_what_must_be_kept_until_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let small = "mkdir data && mount -t tmpfs -o size=12m,mode=700 tmpfs data";
    let server = Server::after(small, folder, &[]);
    register(&server);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    let filler = server.its("data/filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
    // What the database's log still had room for.
    wait(|| Browser::of(&server).post("/login", &LOG_IN).status == 503);
    assert!(browser.is_signed_in(), "reading goes on");
    let is_told =
        |line: &str| line.contains("error.unexpected") && line.contains("database or disk is full");
    wait(|| server.stderr().lines().any(is_told));
    drop(file);
    fs::remove_file(&filler).unwrap();
    Browser::of(&server).log_in("ada");
    assert!(browser.is_signed_in());
}

#[test]
fn the_doctor_names_a_disk_that_has_little_room() {
    let mut server = Server::start();
    assert!(server.stop().success());
    for (room, sign) in [("40m", "warning "), ("3g", "ok ")] {
        let disk = format!(
            "cp -a data/. copy && mount -t tmpfs -o size={room},mode=700 tmpfs data && cp -a copy/. data"
        );
        let mut doctor = program_after(&disk, server.folder.path());
        let said = run(doctor.arg("doctor"), "");
        let said = String::from_utf8(said.stdout).unwrap();
        let line = said.lines().find(|line| line.contains("GiB are free on the disk"));
        assert!(line.is_some_and(|line| line.starts_with(sign)), "{room}: {said}");
    }
}

#[test]
fn a_read_only_disk_is_said_at_the_start() {
    let mut server = Server::start();
    assert!(server.stop().success());
    let sealed = "mount --bind data data && mount -o remount,bind,ro data";
    let said = refuses_to_start(program_after(sealed, server.folder.path()));
    assert!(said.contains("Read-only file system"), "{said}");
    server.start_again();
}

/// Writes nonsense over the database from this place on.
fn damage(server: &Server, from: u64) {
    let path = server.folder.path().join("data/doorward.db");
    let length = fs::metadata(&path).unwrap().len();
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xA5; (length - from) as usize]).unwrap();
}

#[test]
fn a_damaged_database_is_said_and_a_backup_takes_its_place() {
    let mut server = Server::start();
    server.account("ada", &[]);
    server.done(&["backup", "backup.db"], "");
    assert!(server.done(&["audit", "export"], "").contains("backup.written"));
    assert!(server.stop().success());
    damage(&server, 4096);
    let said = refuses_to_start(program(server.folder.path()));
    assert!(said.contains("database disk image is malformed"), "{said}");
    damage(&server, 0);
    let said = refuses_to_start(program(server.folder.path()));
    assert!(said.contains("file is not a database"), "{said}");
    server.done(&["restore", "backup.db"], "");
    server.start_again();
    Browser::of(&server).log_in("ada");
}

#[test]
fn a_database_damaged_under_a_running_server_is_503_and_never_a_way_in() {
    let server = Server::start();
    server.account("ada", &[]);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    let log = server.folder.path().join("data/doorward.db-wal");
    fs::File::options().write(true).open(log).unwrap().set_len(0).unwrap();
    damage(&server, 4096);
    wait(|| matches!(Browser::of(&server).post("/login", &LOG_IN).status, 503));
    wait(|| ready(&server) == 503);
    let answer = Browser::of(&server).get("/account");
    assert_eq!(answer.status, 303, "to the log-in page: {}", answer.raw);
}

/// What makes a program's clock that of the file `clock`: `+0`, `-3600`.
pub fn clock_of_its_own(clock: &Path) -> [(&'static str, String); 4] {
    let library = fs::read_dir("/usr/lib").unwrap().find_map(|entry| {
        let library = entry.unwrap().path().join("faketime/libfaketime.so.1");
        library.exists().then_some(library)
    });
    let library = library.expect("faketime is not installed: tests/run installs it");
    [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

#[test]
fn a_clock_that_is_set_back_signs_nobody_out_and_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    fs::write(&clock, "+0").unwrap();
    let settings = clock_of_its_own(&clock);
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut server = Server::in_folder(folder, &settings);
    server.account("ada", &[]);
    let (stays, leaves) = (Browser::of(&server), Browser::of(&server));
    stays.log_in("ada");
    leaves.log_in("ada");
    let left = leaves.copied();
    log_out(&leaves);
    for offset in ["-3600", "+0", "-3600"] {
        fs::write(&clock, offset).unwrap();
        assert!(stays.is_signed_in(), "{offset}");
        assert!(!left.copied().is_signed_in(), "{offset}: what has ended stays so");
        let fresh = Browser::of(&server);
        fresh.log_in("ada");
        assert!(fresh.is_signed_in(), "{offset}");
        log_out(&fresh);
        assert!(!fresh.is_signed_in(), "{offset}");
    }
    server.restart();
    assert!(stays.is_signed_in() && !left.is_signed_in(), "also when it starts an hour earlier");
    server.done(&["audit", "verify"], "");
}

#[test]
fn a_command_whose_clock_is_wrong_neither_hides_nor_forgets_what_is_revoked() {
    let server = Server::start();
    server.account("ada", &[]);
    let at = server.folder.path().join("clock");
    let wrong = clock_of_its_own(&at);
    let with_clock = |offset: &str, arguments: &[&str]| {
        fs::write(&at, offset).unwrap();
        let mut command = program(server.folder.path());
        command.args(arguments).envs(server.environment.clone()).envs(wrong.clone());
        let output = run(&mut command, "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    // A clock that is a year ahead, once.
    with_clock("+365d", &["session", "revoke", "--everyone", "--yes"]);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    assert!(browser.is_signed_in());
    server.done(&["account", "disable", "ada"], "");
    wait(|| !browser.is_signed_in());
    server.done(&["account", "enable", "ada"], "");
    // A clock that is behind.
    let browser = Browser::of(&server);
    browser.log_in("ada");
    with_clock("-1d", &["session", "revoke", "--account", "ada"]);
    wait(|| !browser.is_signed_in());
}

#[test]
fn without_its_key_file_it_says_so_instead_of_signing_everybody_out() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    assert!(server.stop().success());
    let (file, away) = (server.its_data("keys.json"), server.its_data("elsewhere.json"));
    fs::rename(&file, &away).unwrap();
    let said = refuses_to_start(program(server.folder.path()));
    assert!(said.contains("is missing") && said.contains("keys adopt"), "{said}");
    assert!(!file.exists(), "no new keys meanwhile");
    fs::rename(&away, &file).unwrap();
    server.start_again();
    assert!(browser.is_signed_in());

    // Lost for good: everybody logs in again, and is told why.
    assert!(server.stop().success());
    fs::remove_file(&file).unwrap();
    let said = server.done(&["keys", "adopt"], "");
    assert!(said.starts_with("1 session ended"), "{said}");
    server.start_again();
    assert!(!browser.is_signed_in());
    browser.log_in("ada");
    std::thread::sleep(Duration::from_millis(600));
    assert!(browser.is_signed_in());

    // Keys of another service.
    assert!(server.stop().success());
    let other = Server::start();
    fs::copy(other.its_data("keys.json"), &file).unwrap();
    let said = refuses_to_start(program(server.folder.path()));
    assert!(said.contains("served with other keys"), "{said}");
}
