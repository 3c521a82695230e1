//! The server under measurement, with its default settings.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{Connection, Request};
use crate::people::PASSWORD;

/// A running server. Dropping it ends it and removes its folder.
pub(crate) struct Server {
    process: Process,
    folder: TempDir,
    settings: Vec<(String, String)>,
    pub(crate) port: u16,
}

impl Server {
    /// Returns with its first answer.
    pub(crate) async fn start(folder: TempDir) -> Self {
        Self::with(folder, vec![]).await
    }

    /// With these settings, too.
    pub(crate) async fn with(folder: TempDir, settings: Vec<(String, String)>) -> Self {
        let port = free_port();
        let mut program = program(folder.path(), port);
        program.envs(settings.iter().cloned());
        program.stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start(program, port).await;
        let mut connection = Connection::open(port).await;
        let answer = connection.ask(&Request::get(port, "/healthz", "").bytes).await;
        assert_eq!(answer.status, 200);
        Self { process, folder, settings, port }
    }

    /// Ends it and leaves its folder.
    pub(crate) fn stop(self) -> TempDir {
        self.folder
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn add_account(&self, name: &str) {
        self.add(name, &[]);
    }

    pub(crate) fn add_admin(&self, name: &str) {
        self.add(name, &["--role", "admin"]);
    }

    pub(crate) fn switch_off(&self, name: &str) {
        let mut program = program(self.folder.path(), self.port);
        let quiet = program.stdout(Stdio::null()).stderr(Stdio::null());
        assert!(quiet.args(["account", "disable", name]).status().unwrap().success());
    }

    /// The program in the server's folder, with its settings.
    pub(crate) fn command(&self) -> Command {
        let mut program = program(self.folder.path(), self.port);
        program.envs(self.settings.iter().cloned());
        program
    }

    fn add(&self, name: &str, more: &[&str]) {
        let email = format!("{name}@example.org");
        let mut process = program(self.folder.path(), self.port)
            .envs(self.settings.iter().cloned())
            .args(["account", "add", name, &email, "--password-stdin"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(process.wait().unwrap().success());
    }

    /// A figure of the kernel's about its memory (`VmRSS`: now, `VmHWM`: at most), in MiB.
    pub(crate) fn memory(&self, figure: &str) -> f64 {
        let file = format!("/proc/{}/status", self.process.0.id());
        let status = std::fs::read_to_string(file).unwrap();
        let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

/// A program that ends with this value.
pub(crate) struct Process(Child);

impl Process {
    /// Returns once it listens; waits for that ten seconds at most.
    pub(crate) async fn start(mut program: Command, port: u16) -> Self {
        let process = Self(program.spawn().unwrap());
        let end = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "the server does not start");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn program(folder: &Path, port: u16) -> Command {
    let mut program = Command::new(binary());
    program
        .current_dir(folder)
        // No settings of Doorward's, and it refuses what it does not know.
        .env_remove("DOORWARD_TEST_POSTGRES")
        .env_remove("DOORWARD_TEST_POSTGRES_CONTROL")
        // Not the settings of a service that is installed here.
        .env("ROCKET_CONFIG", "Rocket.toml")
        .env("ROCKET_PORT", port.to_string())
        .env("DOORWARD_DATA_DIR", folder.join("data"))
        .env("DOORWARD_BASE_URL", format!("http://localhost:{port}"));
    // Out of reach, but counted: all clients of a load have one name and one address.
    for limit in ["ADDRESS", "NAME_AND_ADDRESS", "NAME", "KNOWN_BROWSER"] {
        program.env(format!("DOORWARD_THROTTLE_{limit}"), "1000000");
    }
    program
}

/// `doorward` next to this program: both are built in release mode.
fn binary() -> PathBuf {
    let binary = std::env::current_exe().unwrap().with_file_name("doorward");
    assert!(binary.exists(), "{} is not there: run cargo build --release", binary.display());
    binary
}
