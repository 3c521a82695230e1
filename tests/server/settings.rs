//! What stops the start: one sentence that names the key, and exit code 1.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::server::{Server, program, run};

fn refused(folder: &Path, environment: &[(&str, &str)]) -> String {
    let output = run(program(folder).envs(environment.iter().copied()), "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{environment:?}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "{environment:?}: {said}");
    said
}

#[test]
fn a_setting_that_cannot_be_is_named() {
    for (name, value, word) in [
        ("DOORWARD_FOO", "1", "foo"),
        ("DOORWARD_ACCESS_TOKEN_SECONDS", "soon", "access_token_seconds"),
        ("DOORWARD_ACCESS_TOKEN_SECONDS", "0", "access_token_seconds"),
        ("DOORWARD_ACCESS_TOKEN_SECONDS", "86400", "access_token_seconds"),
        ("DOORWARD_SESSION_IDLE_SECONDS", "-1", "session_idle_seconds"),
        ("DOORWARD_PASSWORD_MIN_LENGTH", "4", "password_min_length"),
        ("DOORWARD_ARGON2_MEMORY_KIB", "1024", "argon2_memory_kib"),
        ("DOORWARD_REGISTRATION", "maybe", "registration"),
        ("DOORWARD_TRUSTED_PROXIES", "everyone", "trusted_proxies"),
        ("DOORWARD_ALLOW_QUERY_TOKEN", "sometimes", "allow_query_token"),
        ("DOORWARD_BASE_URL", "http://login.example.org", "base_url"),
        ("DOORWARD_BASE_URL", "https://login.example.org/path", "base_url"),
        ("DOORWARD_BASE_URL", "ftp://localhost", "base_url"),
        ("DOORWARD_DATABASE_URL", "mysql://u:hunter2@db/x", "database_url"),
        ("DOORWARD_METRICS_TOKEN", "hunter2", "metrics_token"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let said = refused(folder.path(), &[(name, value)]);
        assert!(said.contains(word) && !said.contains("hunter2"), "{name}={value}: {said}");
    }
}

#[test]
fn a_key_nobody_knows_in_the_file_is_named_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Rocket.toml"), "[default.doorward]\nregistratoin = \"open\"\n")
        .unwrap();
    assert!(refused(folder.path(), &[]).contains("registratoin"));
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_line_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Rocket.toml");
    let sample = fs::read_to_string("Rocket.toml").unwrap();
    let line = sample.lines().count() + 1;
    fs::write(&file, format!("{sample}[default.doorward]\nregistration = \"closed\"\n")).unwrap();
    let said = refused(folder.path(), &[]);
    let place = format!("The settings in {} cannot be read: line {line}: ", file.display());
    assert!(said.contains(&place) && said.contains("[default.doorward] occurs twice"), "{said}");
}

#[test]
fn a_database_that_cannot_be_opened_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(folder.path(), &[("DOORWARD_DATABASE_URL", "sqlite:///proc/nowhere/x.db")]);
    assert!(said.contains("/proc/nowhere"), "{said}");
    let url = "postgres://doorward:hunter2@127.0.0.1:1/doorward";
    let said = refused(folder.path(), &[("DOORWARD_DATABASE_URL", url)]);
    assert!(said.contains("127.0.0.1") && !said.contains("hunter2"), "{said}");
    fs::write(folder.path().join("broken.db"), "this is no database at all, but it is long enough")
        .unwrap();
    refused(folder.path(), &[("DOORWARD_DATABASE_URL", "sqlite://broken.db")]);
}

#[test]
fn a_folder_or_database_of_others_or_open_to_them_is_refused_by_every_command() {
    let mut server = Server::start();
    assert!(server.stop().success());
    let folder = &server.folder;
    let data = folder.path().join("data");
    let database = data.join("doorward.db");
    let says = |path: &Path, words: &str| {
        for arguments in [&["account", "list"][..], &["migrate", "status"], &["serve"]] {
            let output = run(program(folder.path()).args(arguments), "");
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{path:?} {arguments:?}: {said}");
            assert!(said.contains(words), "{path:?} {arguments:?}: {said}");
        }
    };
    let doctor_says = |words: &str| {
        let output = run(program(folder.path()).arg("doctor"), "");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            said.lines().any(|line| line.starts_with("PROBLEM") && line.contains(words)),
            "{said}"
        );
    };
    for (path, mode) in [(&data, 0o700), (&database, 0o600)] {
        let set = |mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for open in [0o040, 0o004, 0o020] {
            set(mode | open);
            says(path, &format!("Run: chmod {mode:o} data"));
            doctor_says(&format!("Run: chmod {mode:o} data"));
        }
        set(mode);
    }
    // Only root gives files away. With the folder of somebody else it acts as that user.
    if std::os::unix::fs::chown(&database, Some(65534), None).is_ok() {
        says(&database, "belongs to another user (number 65534)");
        let ours = rustix::process::geteuid().as_raw();
        std::os::unix::fs::chown(&database, Some(ours), None).unwrap();
    }
    fs::write(data.join("doorward.db-wal"), "").unwrap();
    fs::set_permissions(data.join("doorward.db-wal"), fs::Permissions::from_mode(0o666)).unwrap();
    says(&database, "chmod 600 data/doorward.db-wal");
}

#[test]
fn a_database_in_the_folder_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let url = format!("sqlite://{}/doorward.db", theirs.display());
    let migrate = || {
        let mut migrate = program(folder.path());
        let settings = [("DOORWARD_DATABASE_URL", &*url), ("DOORWARD_AUTO_MIGRATE", "false")];
        run(migrate.args(["migrate", "up"]).envs(settings), "")
    };
    assert!(migrate().status.success());
    // Only root gives folders away. Whose a folder is puts other files in it.
    if std::os::unix::fs::chown(&theirs, Some(65534), None).is_ok() {
        let output = migrate();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("theirs, where the database is, belongs to another user"), "{said}");
    }
}

#[test]
fn settings_that_somebody_else_may_have_written_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    let file = folder.path().join("Rocket.toml");
    fs::write(&file, "[default.doorward]\ndata_dir = \"elsewhere\"\n").unwrap();
    let list = || run(program(&below).arg("settings").env_remove("ROCKET_CONFIG"), "");
    let says = |words: &str| {
        let output = list();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    says("Run: chmod o-w ");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(list().status.success());
    // Only root gives files away.
    if std::os::unix::fs::chown(&file, Some(65534), None).is_ok() {
        says("Rocket.toml belongs to another user (number 65534)");
        let named = run(program(&below).arg("settings").env("ROCKET_CONFIG", &file), "");
        assert!(named.status.success(), "whoever names it vouches for it");
        // It could be put there while the other file, which was read, is looked at.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&file, Some(rustix::process::geteuid().as_raw()), None).unwrap();
        let link = below.join("Rocket.toml");
        symlink(&file, &link).unwrap();
        assert!(list().status.success());
        std::os::unix::fs::lchown(&link, Some(65534), None).unwrap();
        says("Rocket.toml belongs to another user (number 65534)");
    }
}

#[test]
fn a_key_file_that_is_not_safe_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let with = [("DOORWARD_KEYS_FILE", file.to_str().unwrap())];
    let key = |secret: &str| {
        let text = format!(
            r#"{{"keys":[{{"kid":"0123456789abcdef","purpose":"access","created_at":0,"secret":"{secret}"}}]}}"#
        );
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    key("c2hvcnQ");
    assert!(refused(folder.path(), &with).contains("32 bytes"));
    key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert!(refused(folder.path(), &with).contains("repeated byte"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(folder.path(), &with).contains("chmod 600"));
    let link = folder.path().join("link.json");
    symlink(&file, &link).unwrap();
    let with = [("DOORWARD_KEYS_FILE", link.to_str().unwrap())];
    assert!(refused(folder.path(), &with).contains("not a plain file"));
    assert!(refused(folder.path(), &[("DOORWARD_KEYS", "{}")]).contains("DOORWARD_KEYS"));
}
