//! From nothing to the first administrator, and to the end.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::browser::Browser;
use crate::server::{PASSWORD, Server, free_port, program, run};

fn setup_fields(token: &str) -> [(&str, &str); 4] {
    [
        ("token", token),
        ("username", "chief"),
        ("email", "chief@example.org"),
        ("password", PASSWORD),
    ]
}

const WITHOUT_BROWSER: &str =
    "No browser on this machine? doorward account add NAME EMAIL --role admin";

#[test]
fn it_starts_from_nothing_and_everything_is_its_owners_alone() {
    let server = Server::start();
    let data = server.folder.path().join("data");
    let mode = |name: &str| fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for file in ["doorward.db", "doorward.db-wal", "doorward.db-shm", "keys.json", "setup-token"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

#[test]
fn the_printed_link_makes_the_first_administrator_and_is_then_gone_for_ever() {
    let mut server = Server::start();
    let stdout = server.stdout();
    let link = stdout.lines().find_map(|line| line.split_once("/setup?token=")).expect("a link").1;
    let token = link.trim();
    assert!(stdout.contains(WITHOUT_BROWSER), "{stdout}");
    assert_eq!(
        fs::read_to_string(server.folder.path().join("data/setup-token")).unwrap().trim(),
        token
    );
    let (one, two) = (Browser::of(&server), Browser::of(&server));
    let pages = [&one, &two].map(|browser| browser.token(&format!("/setup?token={token}")));
    assert_eq!(one.post_with("/setup", &pages[0], &setup_fields(token)).status, 303);
    let second = two.post_with("/setup", &pages[1], &setup_fields(token));
    assert!(second.status == 303 && second.raw.contains("/login"), "{}", second.raw);
    assert!(!server.folder.path().join("data/setup-token").exists());
    assert_eq!(one.get("/admin/accounts").status, 200);
    server.restart();
    assert_eq!(Browser::of(&server).get("/setup").status, 404);
    assert_eq!(server.stdout().matches("/setup?token=").count(), 1, "no new link");
    assert!(one.is_signed_in(), "signed in across a restart");
}

#[test]
fn the_link_is_not_kept_in_the_journal_but_where_its_secret_is() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let stdout = folder.path().join("stdout");
    fs::write(&stdout, "").unwrap();
    let about = fs::metadata(&stdout).unwrap();
    let journal = format!("{}:{}", about.dev(), about.ino());
    let server = Server::in_folder(folder, &[("JOURNAL_STREAM", &journal)]);
    let token = fs::read_to_string(server.its_data("setup-token")).unwrap();
    let said = server.stdout();
    assert!(!said.contains(token.trim()), "{said}");
    assert!(said.contains("data/setup-token") && said.contains("/setup with ?token="), "{said}");
    assert!(said.contains(WITHOUT_BROWSER), "{said}");
}

#[test]
fn a_second_server_on_the_same_file_is_told_so_and_stops() {
    let server = Server::start();
    let port = free_port().to_string();
    let output = run(program(server.folder.path()).env("ROCKET_PORT", port), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Another Doorward already serves"));
}

#[test]
fn a_port_in_use_is_said_in_one_sentence() {
    let server = Server::start();
    let other = tempfile::tempdir().unwrap();
    let output = run(program(other.path()).env("ROCKET_PORT", server.port.to_string()), "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot be listened on") && said.lines().count() == 1, "{said}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "",
        "no link to a server that is not there"
    );
}

#[test]
fn a_request_in_flight_is_finished_before_the_end() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let browser = Browser::of(&server);
    let token = browser.token("/login");
    let answer = std::thread::scope(|scope| {
        let fields = [("login", "ada"), ("password", PASSWORD)];
        let asked = scope.spawn(move || browser.post_with("/login", &token, &fields).status);
        std::thread::sleep(std::time::Duration::from_millis(15));
        assert!(server.stop().success());
        asked.join().unwrap()
    });
    assert_eq!(answer, 303);
}

#[test]
fn the_schema_goes_up_and_down_by_steps() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = |step: &str| {
        let mut migrate = program(folder.path());
        let output = run(migrate.args(["migrate", step]).env("DOORWARD_AUTO_MIGRATE", "false"), "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    migrate("up");
    let steps = migrate("status").lines().filter(|line| line.starts_with("done")).count();
    assert!(steps >= 4);
    for _ in 0..steps {
        migrate("down");
    }
    assert!(migrate("status").lines().all(|line| line.starts_with("pending")));
    migrate("up");
}
