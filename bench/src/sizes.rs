//! What everybody does, on databases of several sizes, and at services of
//! several servers, each as a ratio to the smallest.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::client::{Load, Request};
use crate::people;
use crate::server::Server;
use crate::table::median;

const ROUNDS: usize = 9;
const EACH: Duration = Duration::from_millis(700);
/// People who read and refresh.
const READERS: usize = 16;
/// Those who log in: others, so that no session is ended by the limit.
const PEOPLE: usize = 64;

/// What is measured of each.
#[derive(Default)]
struct Taken {
    pages: Vec<f64>,
    logins: Vec<f64>,
    refreshes: Vec<f64>,
}

/// A service of one or more servers, and what to ask it.
struct Subject {
    name: String,
    servers: Vec<Server>,
    pages: Vec<Request>,
    logins: Vec<Request>,
    chains: Vec<String>,
    taken: Taken,
}

impl Subject {
    /// The first server has the name of the service.
    async fn of(name: String, servers: Vec<Server>) -> Self {
        let port = servers[0].port;
        let (mut pages, mut logins, mut chains) = (vec![], vec![], vec![]);
        for (number, server) in (0..READERS).zip(servers.iter().cycle()) {
            let name = format!("reader{number}");
            servers[0].add_account(&name);
            chains.push(people::refresh_token(port, &name).await);
            pages.push(people::account_page(port, &name).await.at(server.port));
        }
        for (number, server) in (0..PEOPLE).zip(servers.iter().cycle()) {
            let name = format!("person{number}");
            servers[0].add_account(&name);
            logins.push(people::login(port, &name).at(server.port));
        }
        Self { name, servers, pages, logins, chains, taken: Taken::default() }
    }

    async fn round(&mut self) {
        let per_second = async |clients: usize, requests: &[Request]| {
            Load::new(clients, EACH).run(requests).await.per_second()
        };
        self.taken.pages.push(per_second(16, &self.pages).await);
        self.taken.logins.push(per_second(8, &self.logins).await);
        let ports: Vec<u16> = self.servers.iter().map(|server| server.port).collect();
        let chains = std::mem::take(&mut self.chains);
        let (chains, refreshes) = people::refresh_for(&ports, chains, EACH).await;
        self.chains = chains;
        self.taken.refreshes.push(refreshes);
    }

    /// Of all its servers, in MiB.
    fn memory(&self) -> f64 {
        self.servers.iter().map(|server| server.memory("VmRSS")).sum()
    }
}

/// Each in turn, so that whatever disturbs the machine hits all of them.
async fn compare(mut subjects: Vec<Subject>) -> Vec<Subject> {
    for _ in 0..ROUNDS {
        for subject in &mut subjects {
            subject.round().await;
        }
    }
    println!(
        "| | `/account`, 1/s | ratio | log-ins, 1/s | ratio | refreshes, 1/s | ratio | memory, MiB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for subject in &subjects {
        print!("| {} |", subject.name);
        for figure in [
            |taken: &Taken| taken.pages.clone(),
            |taken: &Taken| taken.logins.clone(),
            |taken: &Taken| taken.refreshes.clone(),
        ] {
            let (own, first) = (figure(&subject.taken), figure(&subjects[0].taken));
            let ratios: Vec<f64> = own.iter().zip(&first).map(|(own, first)| own / first).collect();
            print!(" {:.0} | {:.2} |", median(&own), median(&ratios));
        }
        println!(" {:.0} |", subject.memory());
    }
    subjects
}

/// A thousand accounts to a million, nothing to a million revocations.
pub(crate) async fn of_the_database() {
    let mut subjects = vec![];
    for (accounts, revocations) in
        [(1_000, 0), (100_000, 0), (1_000_000, 0), (1_000, 10_000), (1_000, 1_000_000)]
    {
        let place = std::env::var("BENCH_FOLDER").unwrap_or_else(|_| "/tmp".into());
        let folder = Server::start(tempfile::tempdir_in(place).unwrap()).await.stop();
        let filled = Command::new(std::env::current_exe().unwrap())
            .args(["fill", &accounts.to_string(), &revocations.to_string()])
            .env("DOORWARD_DATA_DIR", folder.path().join("data"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .status();
        assert!(filled.unwrap().success());
        let server = Server::start(folder).await;
        let idle = server.memory("VmRSS");
        let name = format!("{accounts} accounts, {revocations} revocations");
        eprintln!("{name}: {idle:.1} MiB at the start");
        subjects.push(Subject::of(name, vec![server]).await);
    }
    let subjects = compare(subjects).await;
    let memory = |place: usize| subjects[place].memory();
    let bytes = (memory(4) - memory(0)) * 1024.0 * 1024.0 / 1e6;
    println!("\nThe index takes {bytes:.0} bytes for each revocation.");
}

/// One, two and three servers on the PostgreSQL of `tests/postgres`.
pub(crate) async fn of_the_service() {
    let url = std::env::var("DOORWARD_TEST_POSTGRES").expect("run it with tests/postgres");
    let mut subjects = vec![];
    for count in 1..=3 {
        let name = format!("bench_{count}");
        let made = Command::new("psql")
            .args([&format!("{url}/postgres"), "-qc", &format!("CREATE DATABASE {name}")])
            .status();
        assert!(made.unwrap().success());
        let mut settings = vec![
            ("DOORWARD_DATABASE_URL".to_owned(), format!("{url}/{name}")),
            ("DOORWARD_DATABASE_CONNECTIONS".to_owned(), "12".to_owned()),
        ];
        let first = Server::with(tempfile::tempdir().unwrap(), settings.clone()).await;
        let keys = first.folder().join("data/keys.json").display().to_string();
        settings.push(("DOORWARD_KEYS_FILE".to_owned(), keys));
        settings.push(("DOORWARD_BASE_URL".to_owned(), format!("http://localhost:{}", first.port)));
        let mut servers = vec![first];
        for _ in 1..count {
            servers.push(Server::with(tempfile::tempdir().unwrap(), settings.clone()).await);
        }
        let name = if count == 1 { "1 server".to_owned() } else { format!("{count} servers") };
        subjects.push(Subject::of(name, servers).await);
    }
    compare(subjects).await;
}
