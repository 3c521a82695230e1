//! Doorward itself, on a folder and a port of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::{PASSWORD, free_port, wait};

/// A running server on a folder of its own.
pub struct Server {
    process: Child,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    /// Where it is.
    pub base: String,
    /// The link printed at the first start.
    pub setup_link: String,
}

/// Not `DOORWARD_…`: the server would take it for a setting and refuse to start.
fn binary() -> PathBuf {
    // Next to the folder of this test: target/debug/deps/browser-….
    let test = std::env::current_exe().unwrap();
    let beside = test.parent().unwrap().with_file_name("doorward");
    let binary = std::env::var_os("BROWSER_SERVER").map_or(beside, PathBuf::from);
    assert!(binary.exists(), "{} is not there: run cargo build", binary.display());
    binary
}

impl Server {
    /// Starts one with these settings (`DOORWARD_…` without the prefix).
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let base = format!("http://localhost:{port}");
        let mut environment = vec![
            // Not the settings of a service that is installed here.
            ("ROCKET_CONFIG".to_owned(), "Rocket.toml".to_owned()),
            ("ROCKET_PORT".to_owned(), port.to_string()),
            ("DOORWARD_BASE_URL".to_owned(), base.clone()),
        ];
        environment
            .extend(settings.iter().map(|(k, v)| (format!("DOORWARD_{k}"), (*v).to_owned())));
        let errors = folder.path().join("errors.log");
        let mut process = Command::new(binary())
            .current_dir(folder.path())
            .envs(environment.clone())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut setup_link, mut started) = (String::new(), false);
        for line in lines.by_ref().map_while(Result::ok) {
            if line.contains("/setup?token=") {
                setup_link = line.trim().to_owned();
            }
            if line.starts_with("Doorward is at") {
                started = true;
                break;
            }
        }
        let said = || std::fs::read_to_string(&errors).unwrap_or_default();
        assert!(started, "the server does not start: {}", said());
        let address = format!("127.0.0.1:{port}");
        wait("the server listens", || std::net::TcpStream::connect(&address).is_ok());
        Self { process, folder, environment, base, setup_link }
    }

    /// Runs a command while the server runs; returns what it printed.
    pub fn command(&self, arguments: &[&str], input: &str) -> String {
        let mut process = Command::new(binary())
            .args(arguments)
            .current_dir(self.folder.path())
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "doorward {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Guards an application on a host of its own, for which this server is also
    /// the proxy. Returns its address.
    pub fn guard_wiki(&self) -> String {
        let host = self.base.replace("http://", "wiki.");
        let text = format!(
            "[[application]]\nslug = \"wiki\"\nname = \"Wiki of the choir\"\nhosts = [\"{host}\"]\nneeds = \"roles\"\nroles = [\"admin\"]\n[[application.rule]]\npath = \"/admin*\"\nneeds = \"roles\"\nroles = [\"admin\"]\nconfirm_seconds = 900\nnetworks = [\"192.168.0.0/16\"]\n"
        );
        self.apply(&text);
        format!("http://{host}")
    }

    /// Guards the applications of this file.
    pub fn apply(&self, text: &str) {
        std::fs::write(self.folder.path().join("applications.toml"), text).unwrap();
        self.command(&["application", "apply", "applications.toml"], "");
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.base.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap()
    }

    /// The id of an account.
    pub fn id_of(&self, name: &str) -> String {
        let shown = self.command(&["account", "show", name, "--json"], "");
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        shown["id"].as_str().unwrap().to_owned()
    }

    /// Opens an account at the command line.
    pub fn account(&self, name: &str, roles: &[&str]) {
        let email = format!("{name}@example.org");
        let mut arguments = vec!["account", "add", name, &email, "--password-stdin"];
        for role in roles {
            arguments.extend(["--role", role]);
        }
        self.command(&arguments, PASSWORD);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
