//! A server process in a folder of its own.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::raw;

pub use shared::PASSWORD;

pub struct Server {
    process: Child,
    pub folder: tempfile::TempDir,
    pub port: u16,
    pub environment: Vec<(String, String)>,
    before: String,
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The program, with no setting of this machine's.
pub fn program(folder: &Path) -> Command {
    command(env!("CARGO_BIN_EXE_doorward"), folder)
}

/// A command in that folder, which may run the program: with no setting of this machine's.
pub fn command(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder);
    for (name, _) in std::env::vars() {
        if name.starts_with("DOORWARD_") || name.starts_with("ROCKET_") {
            command.env_remove(name);
        }
    }
    // Not those of a service that is installed on this machine.
    command.env("ROCKET_CONFIG", "Rocket.toml");
    command
}

/// The same, where a shell runs `before` first: it may mount what it likes.
pub fn program_after(before: &str, folder: &Path) -> Command {
    let mut command = command("unshare", folder);
    command.args(["--map-root-user", "--mount", "sh", "-c"]);
    command.arg(format!("{before} && exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_doorward"));
    command
}

impl Server {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(settings: &[(&str, &str)]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), settings)
    }

    pub fn in_folder(folder: tempfile::TempDir, settings: &[(&str, &str)]) -> Self {
        Self::after("", folder, settings)
    }

    /// Where a shell runs `before`, as the root of a world of its own.
    pub fn after(before: &str, folder: tempfile::TempDir, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut environment = vec![
            ("ROCKET_PORT".to_owned(), port.to_string()),
            ("DOORWARD_BASE_URL".to_owned(), format!("http://localhost:{port}")),
        ];
        environment.extend(settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let before = before.to_owned();
        let process = Self::spawn(folder.path(), &before, &environment);
        let server = Self { process, folder, port, environment, before };
        server.wait_until_it_answers();
        server
    }

    fn spawn(folder: &Path, before: &str, environment: &[(String, String)]) -> Child {
        let log =
            |name: &str| File::options().create(true).append(true).open(folder.join(name)).unwrap();
        let mut command =
            if before.is_empty() { program(folder) } else { program_after(before, folder) };
        command
            .envs(environment.iter().cloned())
            .stdout(log("stdout"))
            .stderr(log("stderr"))
            .spawn()
            .unwrap()
    }

    fn wait_until_it_answers(&self) {
        wait(|| {
            raw::exchange(
                self.port,
                b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            )
            .is_some_and(|answer| answer.status == 200)
        });
    }

    /// Ends it in order, and starts it again on the same files.
    pub fn restart(&mut self) {
        assert!(self.stop().success());
        self.start_again();
    }

    /// Starts it on the same files, after it was ended.
    pub fn start_again(&mut self) {
        self.process = Self::spawn(self.folder.path(), &self.before, &self.environment);
        self.wait_until_it_answers();
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// A path as the server sees it.
    pub fn its(&self, path: &str) -> std::path::PathBuf {
        let root = format!("/proc/{}/root{}", self.process.id(), self.folder.path().display());
        Path::new(&root).join(path)
    }

    pub fn its_data(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("data").join(name)
    }

    pub fn stop(&mut self) -> ExitStatus {
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        self.process.wait().unwrap()
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn stdout(&self) -> String {
        fs::read_to_string(self.folder.path().join("stdout")).unwrap()
    }

    pub fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    /// Runs a command while it runs.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        run(program(self.folder.path()).args(arguments).envs(self.environment.clone()), input)
    }

    /// Runs a command that must succeed; returns what it printed.
    pub fn done(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "doorward {arguments:?}: {why}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What a command lists, each as an object.
    pub fn listed(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let listed = self.done(&[arguments, &["--json"]].concat(), "");
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A field of each object that a command lists.
    pub fn each(&self, arguments: &[&str], field: &str) -> Vec<String> {
        let text = |object: &serde_json::Value| object[field].as_str().unwrap().to_owned();
        self.listed(arguments).iter().map(text).collect()
    }

    pub fn account(&self, name: &str, roles: &[&str]) {
        let email = format!("{name}@example.org");
        let mut arguments = vec!["account", "add", name, &email, "--password-stdin"];
        for role in roles {
            // One that is built in, or was created before, is there already.
            self.run(&["role", "add", role], "");
            arguments.extend(["--role", role]);
        }
        self.done(&arguments, PASSWORD);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub fn run(command: &mut Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = piped.spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    process.wait_with_output().unwrap()
}

/// Waits until it is so, at most twenty seconds.
pub fn wait(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "waited too long");
        std::thread::sleep(Duration::from_millis(40));
    }
}
