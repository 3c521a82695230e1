//! The check on two servers over one database. Needs PostgreSQL (see tests/postgres).

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database};
use shared::databases::{needed_control, needed_postgres};
use shared::jar::Jar;

use super::{FETCHES, GOES};
use crate::browser::Browser;
use crate::raw::{Answer, exchange};
use crate::server::wait;
use crate::service::Cluster;

const WIKI: &str = "wiki.localhost:9000";
const FILES: &str = "files.localhost:9000";

/// Two servers with two applications.
struct Place(Cluster);

/// A browser with cookies of the service and of both applications.
struct Visitor {
    here: Browser,
    wiki: Jar,
    files: Jar,
}

impl Place {
    fn start() -> Option<Self> {
        // One account that signs in more often than anybody does.
        let settings = [("DOORWARD_REGISTRATION", "closed"), ("DOORWARD_THROTTLE_NAME", "0")];
        let cluster = Cluster::start(2, &settings)?;
        cluster.servers[0].account("ada", &[]);
        let application = |slug: &str, host: &str| {
            format!(
                "[[application]]\nslug = \"{slug}\"\nname = \"{slug}\"\nhosts = [\"{host}\"]\nneeds = \"members\"\n[[application.rule]]\npath = \"/public/*\"\nneeds = \"public\"\n"
            )
        };
        let file = cluster.servers[0].folder.path().join("applications.toml");
        fs::write(&file, application("wiki", WIKI) + &application("files", FILES)).unwrap();
        cluster.servers[0].done(&["application", "apply", file.to_str().unwrap()], "");
        let place = Self(cluster);
        let none = Jar::default();
        wait(|| (0..2).all(|server| place.check(server, WIKI, &none, "/public/a").status == 200));
        Some(place)
    }

    /// A request on the host of an application that reaches one of the servers.
    fn send(&self, server: usize, host: &str, cookies: &Jar, head: &str) -> Answer {
        let head = format!("{head}Connection: close\r\nCookie: {}\r\n\r\n", cookies.header());
        let answer = exchange(self.0.servers[server].port, head.as_bytes());
        let answer = answer.unwrap_or_else(|| panic!("{host}: no answer"));
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                cookies.take(value);
            }
        }
        answer
    }

    fn check_as(
        &self,
        server: usize,
        host: &str,
        cookies: &Jar,
        (path, kind): (&str, &str),
    ) -> Answer {
        self.send(server, host, cookies, &format!("{}{kind}", question(host, path)))
    }

    /// What one of the servers says of a request by a script.
    fn check(&self, server: usize, host: &str, cookies: &Jar, path: &str) -> Answer {
        self.check_as(server, host, cookies, (path, FETCHES))
    }

    /// Enters at both: each server does a part of it.
    fn enter(&self, visitor: &Visitor) {
        for (host, cookies) in [(WIKI, &visitor.wiki), (FILES, &visitor.files)] {
            let get = |server, path: &str| {
                let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{GOES}");
                let answer = self.send(server, host, cookies, &head);
                answer.header("location").unwrap_or_else(|| panic!("{}", answer.raw)).to_owned()
            };
            let on = get(0, "/.doorward/enter?to=%2Fa");
            let path = on.strip_prefix(&format!("http://localhost:{}", self.0.port)).unwrap();
            let answer = visitor.here.get(path);
            let back = answer.header("location").unwrap_or_else(|| panic!("{}", answer.raw));
            assert_eq!(get(1, back.strip_prefix(&format!("http://{host}")).unwrap()), "/a");
        }
    }

    fn entered(&self) -> Visitor {
        let visitor =
            Visitor { here: self.0.browser(), wiki: Jar::default(), files: Jar::default() };
        visitor.here.log_in("ada");
        self.enter(&visitor);
        for server in 0..2 {
            assert_eq!(self.check(server, WIKI, &visitor.wiki, "/a").status, 200);
            assert_eq!(self.check(server, FILES, &visitor.files, "/a").status, 200);
        }
        visitor
    }

    /// How long it takes until both servers refuse it, everywhere.
    fn refused_after(&self, visitor: &Visitor) -> Duration {
        let began = Instant::now();
        for server in 0..2 {
            for (host, cookies) in [(WIKI, &visitor.wiki), (FILES, &visitor.files)] {
                while self.check(server, host, cookies, "/a").status != 401 {
                    assert!(began.elapsed() < Duration::from_secs(10), "{host} of {server}: never");
                }
            }
        }
        began.elapsed()
    }
}

fn question(host: &str, path: &str) -> String {
    let slug = host.split('.').next().unwrap();
    format!(
        "GET /auth/verify/{slug} HTTP/1.1\r\nHost: doorward.internal\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Uri: {path}\r\nX-Forwarded-For: 192.0.2.1\r\n"
    )
}

/// Something that ends the session of a visitor, and its name.
type Act<'a> = (&'static str, &'a dyn Fn(&Visitor));

#[test]
fn whatever_ends_a_session_ends_it_at_every_application_on_every_server() {
    let Some(place) = Place::start() else { return };
    let first = &place.0.servers[0];
    let press = |browser: &Browser, page: &str, address: &str| {
        let token = browser.page(page).token_for(address);
        let answer = browser.post_with(address, &token, &[]);
        assert_eq!(answer.status, 303, "{address}: {}", answer.raw);
    };
    let id = || first.each(&["session", "list", "ada"], "session")[0].clone();
    let acts: [Act<'_>; 5] = [
        ("sign-out", &|ada| press(&ada.here, "/account", "/logout")),
        ("sign out all others", &|_| {
            let other = place.0.browser();
            other.log_in("ada");
            press(&other, "/account/sessions", "/account/sessions/revoke-others");
        }),
        ("session revoke", &|_| drop(first.done(&["session", "revoke", &id()], ""))),
        ("account disable", &|_| drop(first.done(&["account", "disable", "ada"], ""))),
        ("everyone", &|_| drop(first.done(&["session", "revoke", "--everyone", "--yes"], ""))),
    ];
    for (what, act) in acts {
        first.done(&["account", "enable", "ada"], "");
        let ada = place.entered();
        act(&ada);
        let after = place.refused_after(&ada);
        println!("{what}: refused by both servers after {} ms", after.as_millis());
        // On an idle machine a quarter of that.
        assert!(after < Duration::from_secs(1), "{what}: {after:?}");
        let page = place.check_as(1, WIKI, &ada.wiki, ("/a", GOES));
        assert_eq!(page.status, 303, "{what}: {}", page.raw);
        let public = place.check(1, WIKI, &ada.wiki, "/public/a");
        assert_eq!((public.status, public.header("remote-user")), (200, Some("")), "{what}");
    }
}

#[test]
fn while_the_database_is_away_nobody_is_let_in_or_sent_to_sign_in() {
    let Some(place) = Place::start() else { return };
    let Some(control) = needed_control() else { return };
    let ada = place.entered();
    let stranger = Jar::default();
    let postgres = |what: &str| {
        let done = Command::new("sh").args(["-c", &format!("{control} {what}")]).status();
        assert!(done.unwrap().success(), "{what}");
    };
    postgres("stop -m immediate");
    let began = Instant::now();
    // What is held is good until revocations could have been missed for five seconds.
    let answers = |server: usize| {
        wait(|| match place.check(server, WIKI, &ada.wiki, "/a").status {
            200 => false,
            503 => true,
            other => panic!("{other}"),
        });
        let after = began.elapsed();
        println!("server {server}: after {} ms without a database it is 503", after.as_millis());
        assert!(after < Duration::from_secs(9), "{after:?}");
        while began.elapsed() < Duration::from_secs(11) {
            let public = place.check(server, WIKI, &stranger, "/public/a");
            assert_eq!(public.status, 200, "{}", public.raw);
            for (cookies, path) in [(&ada.wiki, "/a"), (&ada.wiki, "/public/a"), (&stranger, "/a")]
            {
                for kind in [FETCHES, GOES] {
                    let answer = place.check_as(server, WIKI, cookies, (path, kind));
                    assert_eq!(answer.status, 503, "{path}: {}", answer.raw);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let asking = [0, 1].map(|server| {
            let answers = &answers;
            scope.spawn(move || answers(server))
        });
        asking.into_iter().for_each(|one| one.join().unwrap());
    });
    postgres("start -w");
    for server in 0..2 {
        wait(|| place.check(server, WIKI, &ada.wiki, "/a").status == 200);
    }
}

/// What is asked of one database, as the server of it logs it.
struct Statements {
    log: String,
    name: String,
}

impl Statements {
    fn of(place: &Place, control: &str) -> Self {
        let settings = place.0.servers[0].environment.iter();
        let url = settings.into_iter().find(|(name, _)| name == "DOORWARD_DATABASE_URL").unwrap();
        let name = url.1.rsplit('/').next().unwrap().to_owned();
        let log = control.split(" -l ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        set(&["log_statement = 'all'", "log_line_prefix = '%d: '"]);
        let statements = Self { log, name };
        // Until the sessions of the servers have heard of it.
        wait(|| !statements.all().is_empty());
        statements
    }

    fn all(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned();
        let own = format!("{}: LOG:  execute", self.name);
        text.lines().filter(|line| line.starts_with(&own)).map(str::to_owned).collect()
    }

    /// Those that read what a check could ask for, since there were so many. (What was seen of
    /// sessions is stored by a periodic task.)
    fn readings(&self, since: usize) -> Vec<String> {
        let tables = ["entries", "accounts", "applications", "account_roles"];
        let reads =
            |line: &String| tables.iter().any(|table| line.contains(&format!("FROM \"{table}\"")));
        self.all().into_iter().skip(since).filter(reads).collect()
    }
}

impl Drop for Statements {
    fn drop(&mut self) {
        set(&["log_statement = DEFAULT", "log_line_prefix = DEFAULT"]);
    }
}

fn set(settings: &[&str]) {
    let url = format!("{}/postgres", needed_postgres().expect("it was there"));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = Database::connect(url).await.unwrap();
        for setting in settings {
            db.execute_unprepared(&format!("ALTER SYSTEM SET {setting}")).await.unwrap();
        }
        db.execute_unprepared("SELECT pg_reload_conf()").await.unwrap();
        db.close().await.unwrap();
    });
}

/// So many checks over one connection, all allowed.
fn check_often(port: u16, cookies: &Jar, count: usize) {
    let request = format!("{}{FETCHES}Cookie: {}\r\n\r\n", question(WIKI, "/a"), cookies.header());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut buffer = [0; 4096];
    for round in 0..count {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            let length = stream.read(&mut buffer).unwrap();
            assert!(length > 0, "round {round}: {answer}");
            answer.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "round {round}: {answer}");
    }
}

#[test]
fn a_check_asks_the_database_nothing_and_a_revocation_asks_once_for_each_entry() {
    let Some(place) = Place::start() else { return };
    let Some(control) = needed_control() else { return };
    let ada = place.entered();
    let bob = place.entered();
    let statements = Statements::of(&place, &control);
    let before = statements.all().len();
    let began = Instant::now();
    check_often(place.0.servers[0].port, &ada.wiki, 10_000);
    println!("10,000 checks took {} ms", began.elapsed().as_millis());
    let readings = statements.readings(before);
    assert!(readings.is_empty(), "{readings:#?}");

    // The newest session of the account.
    let first = &place.0.servers[0];
    let newest = first.each(&["session", "list", "ada"], "session")[0].clone();
    first.done(&["session", "revoke", &newest], "");
    wait(|| (0..2).all(|server| place.check(server, WIKI, &bob.wiki, "/a").status == 401));
    let before = statements.all().len();
    for _ in 0..50 {
        for server in 0..2 {
            assert_eq!(place.check(server, WIKI, &bob.wiki, "/a").status, 401);
            assert_eq!(place.check(server, FILES, &bob.files, "/a").status, 401);
            assert_eq!(place.check(server, WIKI, &ada.wiki, "/a").status, 200);
        }
    }
    let readings = statements.readings(before);
    let entries = readings.iter().filter(|line| line.contains("FROM \"entries\"")).count();
    // The entry at the other application, once on each server.
    assert_eq!(entries, 2, "{readings:#?}");
}
