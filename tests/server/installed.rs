//! The installed service: commands of root find its settings and data, and act
//! as its user. Only root can try this: `tests/run` does, with sudo if need be.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};

use crate::browser::Browser;
use crate::server::{PASSWORD, Server, command, free_port, run, wait};

/// `nobody` stands for the user of the service.
const USER: u32 = 65534;

/// A folder that others may enter, with the data folder of the service's user.
fn folder_of_service() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    chown(&data, Some(USER), Some(USER)).unwrap();
    folder
}

fn is_all_the_users(data: &Path) {
    let files: Vec<_> = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        let about = fs::metadata(&file).unwrap();
        assert_eq!((about.uid(), about.gid()), (USER, USER), "{}", file.display());
    }
}

/// The link sets a password, and the password signs in.
fn leads_in(link: &str, browser: &Browser) {
    let path = link[link.find("/recover/").unwrap()..].trim();
    let set = browser.post(path, &[("new_password", "a lantern in the harbour")]);
    assert_eq!(set.status, 303, "{}", set.raw);
    let fields = [("login", "anna"), ("password", "a lantern in the harbour")];
    assert_eq!(browser.post("/login", &fields).status, 303);
    assert!(browser.is_signed_in());
}

#[test]
#[ignore = "needs root: tests/run, or cargo test --test server installed -- --ignored"]
fn root_acts_as_the_owner_of_the_data_folder() {
    let server = Server::in_folder(folder_of_service(), &[]);
    server.account("anna", &["admin"]);
    let link = server.done(&["recover", "anna"], "");
    leads_in(&link, &Browser::of(&server));
    server.done(&["keys", "rotate"], "");
    server.done(&["backup", "data/copy.db"], "");
    is_all_the_users(&server.its_data(""));
    // The process has nothing of root any more, in none of its threads.
    let tasks = fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
    for task in tasks {
        let about = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let line = |name: &str| about.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        for name in ["Uid:", "Gid:"] {
            let numbers: Vec<&str> = line(name).split_whitespace().collect();
            assert_eq!(numbers, ["65534"; 4], "{about}");
        }
        assert_eq!(line("Groups:").trim(), "", "{about}");
        assert_eq!(line("CapEff:").trim(), "0000000000000000", "{about}");
    }
}

#[test]
#[ignore = "needs root: tests/run, or cargo test --test server installed -- --ignored"]
fn a_place_that_the_owner_of_the_data_cannot_use_is_said_to_root() {
    let server = Server::in_folder(folder_of_service(), &[]);
    let output = server.run(&["backup", "copy.db"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("This command acts as user number 65534"), "{said}");
}

/// A command in `/` of a machine where the package is installed, with the data
/// in a folder of the test.
fn installed(folder: &Path) -> Command {
    let (files, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy"), folder.display());
    let before = format!(
        "set -e
        mount -t tmpfs tmpfs /etc
        mkdir /etc/doorward
        cp {}/Rocket.toml {folder}/environment /etc/doorward
        chmod 600 /etc/doorward/environment
        printf '[own.doorward]\nrecovery_link_seconds = 7200\n' >> /etc/doorward/Rocket.toml
        mount -t tmpfs tmpfs /var/lib
        mkdir /var/lib/doorward
        mount --bind {folder}/data /var/lib/doorward
        exec \"$0\" \"$@\"",
        files.display()
    );
    let mut command = command("unshare", Path::new("/"));
    command.env_remove("ROCKET_CONFIG");
    command.args(["--mount", "sh", "-c", &before, env!("CARGO_BIN_EXE_doorward")]);
    command
}

#[test]
#[ignore = "needs root: tests/run, or cargo test --test server installed -- --ignored"]
fn commands_of_root_find_the_installed_service_from_anywhere() {
    let (folder, port) = (folder_of_service(), free_port());
    let environment = format!(
        "# secrets\nROCKET_PORT={port}\nDOORWARD_BASE_URL='http://localhost:{port}'\nROCKET_PROFILE=own\n"
    );
    fs::write(folder.path().join("environment"), environment).unwrap();
    let mut server = installed(folder.path());
    let mut server =
        server.arg("serve").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let done = |arguments: &[&str], input: &str| {
        let output = run(installed(folder.path()).args(arguments), input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    done(&["account", "add", "anna", "anna@example.org", "--password-stdin"], PASSWORD);
    let recovery = run(installed(folder.path()).args(["recover", "anna"]), "");
    let [link, about] =
        [recovery.stdout, recovery.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(about.contains("for 2 hours"), "the profile of the variables: {about}");
    assert!(link.starts_with(&format!("http://localhost:{port}/recover/")), "{link}");
    leads_in(&link, &Browser::at(port));
    let doctor = run(installed(folder.path()).arg("doctor"), "");
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.starts_with("data      /var/lib/doorward\n"), "{said}");
    assert!(said.contains("settings  /etc/doorward/Rocket.toml\n"), "{said}");
    // The timer's backup, in the folder that systemd makes.
    let backups = folder.path().join("data/backups");
    fs::create_dir(&backups).unwrap();
    chown(&backups, Some(USER), Some(USER)).unwrap();
    let unit = fs::read_to_string("deploy/doorward-backup.service").unwrap();
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/doorward "));
    let said = done(&command.unwrap().split(' ').collect::<Vec<_>>(), "");
    assert!(said.contains("/var/lib/doorward/backups/doorward-20"), "{said}");
    is_all_the_users(&folder.path().join("data"));
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn the_package_has_files_that_exist_and_the_user_that_the_service_runs_as() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let figment = Figment::from(Toml::file(root.join("Cargo.toml")));
    let assets: Vec<[String; 3]> = figment.extract_inner("package.metadata.deb.assets").unwrap();
    for [from, to, _] in &assets {
        let file = root.join(from.trim_end_matches("/*.md"));
        assert!(from.starts_with("target/") || file.exists(), "{from} for {to}");
    }
    let lands = |from: &str, to: &str| assets.iter().any(|[a, b, _]| a == from && b == to);
    assert!(lands("deploy/Rocket.toml", "etc/doorward/"));
    assert!(lands("deploy/sysusers.d/doorward.conf", "usr/lib/sysusers.d/"));
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let (unit, users) = (read("deploy/doorward.service"), read("deploy/sysusers.d/doorward.conf"));
    assert!(unit.contains("\nUser=doorward\nGroup=doorward\nStateDirectory=doorward\n"), "{unit}");
    assert!(users.contains("\nu doorward "), "{users}");
    let scripts = figment.extract_inner::<String>("package.metadata.deb.maintainer-scripts");
    let postinst = read(&format!("{}postinst", scripts.unwrap()));
    assert!(postinst.contains("\n#DEBHELPER#"), "systemd's part is inserted here");
}

#[test]
fn the_package_brings_the_units_of_the_backup_and_enables_neither() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let figment = Figment::from(Toml::file(root.join("Cargo.toml")));
    let units: Vec<rocket::figment::value::Dict> =
        figment.extract_inner("package.metadata.deb.systemd-units").unwrap();
    let backup = units.iter().find(|unit| unit["unit-name"].as_str() == Some("doorward-backup"));
    let backup = backup.unwrap();
    assert!(["enable", "start"].into_iter().all(|key| backup[key].to_bool() == Some(false)));
    let folder = tempfile::tempdir().unwrap();
    let files = ["doorward-backup.service", "doorward-backup.timer"].map(|name| {
        let unit = fs::read_to_string(root.join("deploy").join(name)).unwrap();
        let unit =
            unit.replace("=/usr/bin/doorward ", concat!("=", env!("CARGO_BIN_EXE_doorward"), " "));
        let file = folder.path().join(name);
        fs::write(&file, unit).unwrap();
        file
    });
    let mut verify = command("systemd-analyze", folder.path());
    let output = verify.args(["verify", "--man=no"]).args(files).output();
    let output = output.expect("systemd-analyze, which tests/run installs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
