//! A database of an older version: who brings its schema up to date, and what is
//! left when that is cut short.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::server::{Server, program, run};

/// What a command says that must end so.
fn says(folder: &Path, arguments: &[&str], succeeds: bool) -> String {
    let output = run(program(folder).args(arguments), "");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.success(), succeeds, "{arguments:?}: {text:?}");
    text.concat()
}

#[test]
fn commands_leave_the_schema_of_an_older_version_alone() {
    let mut server = Server::start();
    server.account("ada", &[]);
    server.stop();
    says(server.folder.path(), &["migrate", "down"], true);
    let folder = server.folder.path();
    for arguments in [
        &["account", "list"][..],
        &["recover", "ada"],
        &["backup", "copy.db"],
        &["keys", "rotate"],
        &["keys", "adopt"],
        &["audit", "verify"],
    ] {
        let said = says(folder, arguments, false);
        assert!(said.contains("The schema of the database is that of an older version"), "{said}");
    }
    assert!(!folder.join("copy.db").exists());
    let status = says(folder, &["migrate", "status"], true);
    assert_eq!(status.matches("pending").count(), 1, "{status}");
    let doctor = says(folder, &["doctor"], false);
    assert!(doctor.contains("The schema is not up to date"), "{doctor}");
    server.start_again();
    assert_eq!(server.each(&["account", "list"], "name"), ["ada"]);
}

#[test]
fn the_schema_stays_as_it_is_under_a_running_server() {
    let server = Server::start();
    for step in ["up", "down"] {
        let said = says(server.folder.path(), &["migrate", step], false);
        assert!(said.contains("Another Doorward already serves"), "{said}");
    }
    let status = says(server.folder.path(), &["migrate", "status"], true);
    assert!(!status.contains("pending"), "{status}");
}

#[test]
fn a_step_that_was_cut_short_is_begun_again() {
    let mut cut_short = 0;
    for round in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let up = || {
            let mut up = program(folder.path());
            up.args(["migrate", "up"]).env("DOORWARD_AUTO_MIGRATE", "false");
            up
        };
        let mut killed = up().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round));
        killed.kill().unwrap();
        cut_short += u32::from(!killed.wait().unwrap().success());
        let done = run(&mut up(), "");
        assert!(done.status.success(), "after {round} ms: {done:?}");
        let status = says(folder.path(), &["migrate", "status"], true);
        assert!(!status.contains("pending"), "after {round} ms: {status}");
    }
    assert!(cut_short > 5, "{cut_short}");
}
