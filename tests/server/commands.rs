//! The command line: where it looks, what it asks and what it prints.

use std::fs;
use std::path::Path;

use crate::browser::Browser;
use crate::input::guard_wiki;
use crate::server::{Server, command, program, run};

/// What a command on a running server's data says that is refused.
fn no(server: &Server, arguments: &[&str]) -> String {
    let output = server.run(arguments, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    said
}

/// What a command that is refused says.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(program(folder).args(arguments), "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {:?}", String::from_utf8(output.stdout));
    said
}

#[test]
fn wrong_usage_is_answered_with_two() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["frobnicate"][..],
        &["account", "add"],
        &["keys", "rotate", "sideways"],
        &["session", "revoke"],
    ] {
        let output = run(program(folder.path()).args(arguments), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_command_in_the_wrong_folder_says_where_it_looked_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let everything = [
        &["account", "list"][..],
        &["account", "add", "ada", "ada@example.org", "--password-stdin"],
        &["recover", "ada"],
        &["role", "list"],
        &["audit", "verify"],
        &["audit", "export"],
        &["doctor"],
        &["backup", "copy.db"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["keys", "revoke", "0123456789abcdef"],
        &["keys", "adopt"],
        &["session", "list"],
        &["token", "revoke", "x"],
        &["migrate", "up"],
        &["migrate", "down"],
        &["migrate", "status"],
    ];
    for arguments in everything {
        let said = refused(folder.path(), arguments);
        assert!(said.contains(&format!("No Doorward data in {path}/data.")), "{said}");
        assert!(said.contains(&format!("in {path} or above it")), "{said}");
        assert!(said.contains("DOORWARD_DATA_DIR"), "{said}");
        let made: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert!(made.is_empty(), "{arguments:?}: {made:?}");
    }
    fs::write(folder.path().join("Rocket.toml"), "[default.doorward]\ndata_dir = \"a/b\"\n")
        .unwrap();
    let said = refused(folder.path(), &["recover", "ada"]);
    assert!(said.contains(&format!("No Doorward data in {path}/a/b.")), "{said}");
    assert!(said.contains(&format!("The settings come from {path}/Rocket.toml.")), "{said}");
}

#[test]
fn a_command_on_a_distant_database_makes_no_keys_in_the_wrong_folder() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://doorward@127.0.0.1:1/doorward";
    let mut list = program(folder.path());
    let output = run(list.args(["account", "list"]).env("DOORWARD_DATABASE_URL", url), "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("No Doorward data in") && !folder.path().join("data").exists(), "{said}");
}

#[test]
fn a_command_on_a_database_that_was_never_served_makes_no_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut up = program(folder.path());
    let up = run(up.args(["migrate", "up"]).env("DOORWARD_AUTO_MIGRATE", "false"), "");
    assert!(up.status.success(), "{up:?}");
    let said = refused(folder.path(), &["account", "list"]);
    assert!(said.contains(&format!("{}/data/keys.json", folder.path().display())), "{said}");
    assert!(!folder.path().join("data/keys.json").exists());
}

#[test]
fn the_doctor_says_first_which_folder_and_settings_it_looks_at() {
    let server = Server::start();
    let path = server.folder.path().display();
    let said = String::from_utf8(server.run(&["doctor"], "").stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], format!("data      {path}/data"));
    assert!(lines[1].starts_with("settings  none: "), "{said}");
    assert!(lines[1].ends_with(&format!("in {path} or above it")), "{said}");
    fs::write(server.folder.path().join("Rocket.toml"), "").unwrap();
    let said = String::from_utf8(server.run(&["doctor"], "").stdout).unwrap();
    assert_eq!(said.lines().nth(1), Some(&*format!("settings  {path}/Rocket.toml")));
}

/// The roles that an account has.
fn roles(server: &Server, name: &str) -> serde_json::Value {
    server.listed(&["account", "show", name])[0]["roles"].clone()
}

#[test]
fn a_role_that_does_not_exist_is_refused_with_the_one_that_may_be_meant() {
    let server = Server::start();
    server.account("bob", &["editors"]);
    for arguments in [
        &["account", "set-roles", "bob", "admni"][..],
        &["account", "add-role", "bob", "editors", "admni"],
        &["account", "add", "eve", "eve@example.org", "--role", "admni", "--password-stdin"],
    ] {
        let said = no(&server, arguments);
        assert!(said.contains("There is no role admni. Did you mean admin?"), "{said}");
    }
    let said = no(&server, &["account", "add-role", "bob", "gardeners"]);
    assert!(said.contains("There are: admin, support, auditor, editors."), "{said}");
    assert_eq!(roles(&server, "bob"), serde_json::json!(["editors"]));
    assert!(!server.done(&["role", "list"], "").contains("admni"));
    no(&server, &["account", "show", "eve"]);
}

#[test]
fn roles_are_added_and_removed_without_naming_the_others() {
    let server = Server::start();
    server.account("bob", &["editors", "writers"]);
    server.done(&["account", "add-role", "bob", "admin", "editors"], "");
    assert_eq!(roles(&server, "bob"), serde_json::json!(["admin", "editors", "writers"]));
    let said = no(&server, &["account", "remove-role", "bob", "editor"]);
    assert!(said.contains("bob does not have the role editor. Did you mean editors?"), "{said}");
    server.done(&["account", "remove-role", "bob", "editors", "writers"], "");
    assert_eq!(roles(&server, "bob"), serde_json::json!(["admin"]));
    let said = no(&server, &["account", "remove-role", "bob", "admin"]);
    assert!(said.contains("last administrator"), "{said}");
}

#[test]
fn names_are_changed_one_by_one_and_the_new_ones_sign_in() {
    let server = Server::start();
    server.account("anna.meyer", &[]);
    server.account("bob", &[]);
    server.done(&["account", "rename", "anna.meyer", "anna.holt"], "");
    server.done(&["account", "set-email", "anna.holt", "holt@example.org"], "");
    server.done(&["account", "set-display-name", "holt@example.org", "Anna Holt"], "");
    let shown = &server.listed(&["account", "show", "anna.holt"])[0];
    assert_eq!(shown["name"], "anna.holt");
    assert_eq!(shown["email"], "holt@example.org");
    assert_eq!(shown["display_name"], "Anna Holt");
    let browser = Browser::of(&server);
    browser.log_in("anna.holt");
    assert!(browser.is_signed_in());
    for (arguments, why) in [
        (["account", "rename", "anna.holt", "bob"], "That user name is taken"),
        (["account", "set-email", "anna.holt", "bob@example.org"], "already exists"),
        (["account", "set-email", "anna.holt", "nowhere"], "e-mail address"),
        (["account", "set-display-name", "anna.holt", "<b>"], "punctuation of names"),
        (["account", "rename", "anna.meyer", "anna"], "There is no account"),
    ] {
        let said = no(&server, &arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    let list = server.done(&["account", "list"], "");
    assert!(list.contains("anna.holt  Anna Holt     holt@example.org  active"), "{list}");
    server.done(&["account", "set-display-name", "anna.holt", ""], "");
    let shown = server.done(&["account", "show", "anna.holt"], "");
    assert!(shown.contains("Display name           -\n"), "{shown}");
    let log = server.done(&["audit", "export"], "");
    assert_eq!(log.matches("user.edited").count(), 4, "{log}");
}

#[test]
fn a_locked_account_is_shown_with_the_end_of_its_lock() {
    let server = Server::with(&[("DOORWARD_THROTTLE_NAME", "2")]);
    server.account("ada", &[]);
    server.account("eve", &[]);
    for _ in 0..2 {
        let fields = [("login", "ada"), ("password", "not it")];
        Browser::of(&server).post("/login", &fields);
    }
    let shown = server.done(&["account", "show", "ada"], "");
    let until = server.each(&["account", "list", "ada"], "locked_until").remove(0);
    assert!(shown.contains(&format!("locked until {until}")), "{shown}");
    assert!(server.done(&["account", "list"], "").contains(&format!("locked until {until}")));
    assert!(server.listed(&["account", "show", "eve"])[0]["locked_until"].is_null());
    server.done(&["account", "forgive", "ada"], "");
    let shown = server.done(&["account", "show", "ada"], "");
    assert!(shown.contains("State                  active"), "{shown}");
}

#[test]
fn an_account_is_deleted_only_by_somebody_who_means_it() {
    let server = Server::start();
    server.account("zara", &[]);
    let said = no(&server, &["account", "delete", "zara"]);
    assert!(said.contains("zara (zara@example.org)") && said.contains("add --yes"), "{said}");
    // `script` gives it a terminal.
    let asked = |answer: &str| {
        let delete = format!("{} account delete zara", env!("CARGO_BIN_EXE_doorward"));
        let mut script = command("script", server.folder.path());
        script.args(["-qec", &delete, "/dev/null"]);
        script.envs(server.environment.clone());
        let output = run(&mut script, answer);
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    for answer in ["n\n", "\n", "zara\n"] {
        let (done, said) = asked(answer);
        assert!(!done && said.contains("[y/N]") && said.contains("Nothing was done."), "{said}");
    }
    server.done(&["account", "show", "zara"], "");
    let (done, said) = asked("y\n");
    assert!(done, "{said}");
    assert!(no(&server, &["account", "show", "zara"]).contains("There is no account"));
    server.account("zara", &[]);
    server.done(&["account", "delete", "zara", "--yes"], "");
    no(&server, &["account", "show", "zara"]);
}

#[test]
fn what_a_command_lists_has_a_head_or_is_an_object_a_line() {
    let server = Server::start();
    server.account("ada", &[]);
    server.account("bernadette", &["editors"]);
    Browser::of(&server).log_in("ada");
    for (arguments, head) in [
        (
            &["account", "list"][..],
            "NAME        DISPLAY NAME  E-MAIL                  STATE   ROLES",
        ),
        (&["role", "list"], "NAME     ACCOUNTS  DESCRIPTION"),
        (&["session", "list"], "SESSION                 ACCOUNT"),
        (&["keys", "list"], "KEY               PURPOSE"),
    ] {
        let said = server.done(arguments, "");
        assert!(said.starts_with(head), "{said}");
        let objects = server.listed(arguments);
        assert_eq!(objects.len(), said.lines().count() - 1, "{arguments:?}");
    }
    let listed = server.listed(&["account", "list", "bern"]);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["name"], "bernadette");
    assert_eq!(listed[0]["roles"], serde_json::json!(["editors"]));
    assert_eq!(listed[0]["last_sign_in_at"], serde_json::Value::Null);
    let shown = server.done(&["account", "show", "ada"], "");
    assert!(shown.contains("Active sessions        1"), "{shown}");
    assert_eq!(server.listed(&["account", "show", "ada"])[0]["active_sessions"], 1);
    assert_eq!(server.done(&["role", "remove", "editors"], ""), "removed from 1 account");
    let said = no(&server, &["session", "revoke", "--everyone"]);
    assert!(said.contains("add --yes if you mean it"), "{said}");
    let everyone = ["session", "revoke", "--everyone", "--yes"];
    assert_eq!(server.done(&everyone, ""), "1 session ended");
}

#[test]
fn a_command_is_quiet_unless_it_is_asked_for_the_log() {
    let server = Server::start();
    server.account("ada", &[]);
    let said = |arguments: &[&str]| {
        let output = server.run(arguments, "");
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(said(&["account", "disable", "ada"]), "");
    assert!(said(&["account", "enable", "ada", "--verbose"]).contains("user.enabled"));
}

#[test]
fn a_recovery_link_is_alone_on_standard_output_and_explained_on_the_other() {
    let server = Server::with(&[("DOORWARD_RECOVERY_LINK_SECONDS", "5400")]);
    server.account("ada", &[]);
    let recover = || {
        let output = server.run(&["recover", "ada"], "");
        let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        let [link, why] = &texts;
        assert!(link.lines().count() == 1 && link.contains("/recover/"), "{link}");
        assert!(why.contains("ada sets a new password"), "{why}");
        assert!(why.contains("for 90 minutes") && why.contains("replaces"), "{why}");
        link[link.find("/recover/").unwrap()..].trim().to_owned()
    };
    let (first, second) = (recover(), recover());
    let browser = Browser::of(&server);
    assert_eq!(browser.get(&first).status, 404);
    assert_eq!(browser.get(&second).status, 200);
}

#[test]
fn an_application_that_no_longer_fits_is_named_and_can_be_corrected_or_removed() {
    let mut server = Server::start();
    guard_wiki(&server);
    server.environment.push(("DOORWARD_BASE_URL".to_owned(), "https://wiki.localhost".to_owned()));
    let listed = server.listed(&["application", "list"]);
    assert_eq!(listed[0]["slug"], "wiki");
    let problem = listed[0]["problem"].as_str().unwrap();
    assert!(problem.contains("the host of Doorward itself"), "{problem}");
    for arguments in [["application", "list"], ["application", "export"]] {
        let output = server.run(&arguments, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("wiki admits nobody: {problem}")), "{arguments:?}: {said}");
    }
    let doctor = String::from_utf8(server.run(&["doctor"], "").stdout).unwrap();
    assert!(doctor.contains("The application wiki admits nobody"), "{doctor}");
    let file = server.folder.path().join("export.toml");
    let text = server.done(&["application", "export"], "");
    fs::write(&file, text.replace("wiki.localhost", "books.localhost")).unwrap();
    let apply = ["application", "apply", file.to_str().unwrap()];
    assert_eq!(server.done(&apply, ""), "change  wiki: it could not be used");
    assert_eq!(server.listed(&["application", "list"])[0]["problem"], serde_json::Value::Null);
    server.environment.pop();
    server.environment.push(("DOORWARD_BASE_URL".to_owned(), "https://books.localhost".to_owned()));
    server.done(&["application", "remove", "wiki", "--yes"], "");
    assert!(server.listed(&["application", "list"]).is_empty());
}
