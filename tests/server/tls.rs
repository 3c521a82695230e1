//! TLS of its own, spoken to by OpenSSL; and keys that systemd hands over.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::browser::Browser;
use crate::server::{Server, free_port, program, run, wait};

/// What `openssl s_client` gets for a request; empty when no connection came about.
fn ask(port: u16, arguments: &[&str], ca: &str) -> String {
    let mut client = Command::new("openssl");
    client
        .args(["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost"])
        .args(["-ign_eof", "-connect", &format!("localhost:{port}"), "-CAfile", ca])
        .args(arguments);
    let request =
        format!("GET /login HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    String::from_utf8_lossy(&run(&mut client, &request).stdout).into_owned()
}

#[test]
fn it_speaks_tls_from_1_2_on_with_a_certificate_of_its_own_making() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(program(folder.path()).arg("dev-certificate"), "");
    assert!(made.status.success());
    let said = String::from_utf8(made.stdout).unwrap();
    let setting = said.split("ROCKET_TLS='").nth(1).unwrap().split('\'').next().unwrap();
    let mode = fs::metadata(folder.path().join("data/tls-key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ca = folder.path().join("data/tls-cert.pem").display().to_string();

    let port = free_port();
    let mut server = program(folder.path())
        .env("ROCKET_PORT", port.to_string())
        .env("ROCKET_TLS", setting)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let answers = [
        ask(port, &["-tls1_2"], &ca),
        ask(port, &["-tls1_3"], &ca),
        // Old versions, with every weakness that the client still has enabled.
        ask(port, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], &ca),
        ask(port, &["-tls1", "-cipher", "ALL:@SECLEVEL=0"], &ca),
        // No forward secrecy.
        ask(port, &["-tls1_2", "-cipher", "AES256-GCM-SHA384:AES128-SHA"], &ca),
    ];
    server.kill().unwrap();
    server.wait().unwrap();
    for answer in &answers[..2] {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let hsts = "strict-transport-security: max-age=63072000\r\n";
        assert!(answer.to_lowercase().contains(hsts), "{answer}");
    }
    for answer in &answers[2..] {
        assert_eq!(answer, "");
    }
}

#[test]
fn keys_may_come_from_the_environment_or_from_systemd() {
    let mut server = Server::start();
    server.account("ada", &[]);
    let browser = Browser::of(&server);
    browser.log_in("ada");
    assert!(server.stop().success());
    let ring = fs::read_to_string(server.its_data("keys.json")).unwrap();
    fs::remove_file(server.its_data("keys.json")).unwrap();

    server.environment.push(("DOORWARD_KEYS".to_owned(), ring.clone()));
    server.start_again();
    assert!(browser.is_signed_in());
    let refused = server.run(&["keys", "rotate"], "");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("change them where it is set"));
    assert!(server.stop().success());

    // As systemd hands over a credential: to be read by a group that it made.
    let credentials = server.folder.path().join("credentials");
    fs::create_dir(&credentials).unwrap();
    let file = credentials.join("keys.json");
    fs::write(&file, ring).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    server.environment.pop();
    server.environment.push(("DOORWARD_KEYS_FILE".to_owned(), file.display().to_string()));
    let refused = server.run(&["keys", "list"], "");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("can be read by other users"));
    let handed = ("CREDENTIALS_DIRECTORY".to_owned(), credentials.display().to_string());
    server.environment.push(handed);
    server.start_again();
    assert!(browser.is_signed_in());
}
