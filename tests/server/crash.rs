//! The server is killed at random moments in a storm of deeds. Whatever it had
//! acknowledged is done, whatever had ended is refused, and nobody honest is
//! signed out. `CRASH_ROUNDS=200 cargo test --test server crash` looks longer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::RngExt;

use crate::databases;
use crate::raw;
use crate::server::{PASSWORD, Server};

const PEOPLE: usize = 6;

/// Somebody with a session in a script, and what they know for certain.
struct Person {
    name: String,
    access: String,
    refresh: String,
    /// Tokens whose log-out was acknowledged.
    over: Vec<(String, String)>,
    /// Accounts whose opening was acknowledged.
    opened: Vec<String>,
    refreshes: u32,
}

/// The status and the body; nothing where the server went away meanwhile.
fn ask(port: u16, path: &str, bearer: &str, body: &str) -> Option<(u16, serde_json::Value)> {
    let bearer = match bearer {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let method = if path == "/api/me" { "GET" } else { "POST" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{bearer}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw::exchange(port, request.as_bytes())?;
    if answer.status == 204 {
        return Some((204, serde_json::Value::Null));
    }
    // One that was cut off is no answer.
    Some((answer.status, serde_json::from_str(&answer.body).ok()?))
}

impl Person {
    fn new(name: String) -> Self {
        let (access, refresh) = (String::new(), String::new());
        Self { name, access, refresh, over: vec![], opened: vec![], refreshes: 0 }
    }

    fn take(&mut self, tokens: &serde_json::Value) {
        self.access = tokens["access_token"].as_str().unwrap().to_owned();
        self.refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    }

    fn log_in(&mut self, port: u16) -> Option<()> {
        let body = format!(r#"{{"login":"{}","password":"{PASSWORD}"}}"#, self.name);
        let (status, tokens) = ask(port, "/api/login", "", &body)?;
        assert_eq!(status, 200, "{}: {tokens}", self.name);
        self.take(&tokens);
        Some(())
    }

    /// What was not answered may be done or not: the same token must still do.
    fn refresh(&mut self, port: u16) -> Option<()> {
        let body = format!(r#"{{"refresh_token":"{}"}}"#, self.refresh);
        let (status, tokens) = ask(port, "/api/refresh", "", &body)?;
        assert_eq!(status, 200, "{} is signed out though honest: {tokens}", self.name);
        self.take(&tokens);
        self.refreshes += 1;
        let (status, _) = ask(port, "/api/me", &self.access.clone(), "")?;
        assert_eq!(status, 200, "{}", self.name);
        Some(())
    }

    /// Out and in again. An unanswered log-out may have been done.
    fn log_out(&mut self, port: u16) -> Option<()> {
        let tokens = (self.access.clone(), self.refresh.clone());
        self.refresh.clear();
        let (status, _) = ask(port, "/api/logout", &tokens.0, "")?;
        assert!([204, 401].contains(&status), "{status}");
        if status == 204 {
            self.over.push(tokens);
        }
        Some(())
    }

    fn open_account(&mut self, port: u16, number: u32) {
        let name = format!("{}-{number}", self.name);
        let email = format!("{name}@example.org");
        let browser = crate::browser::Browser::at(port);
        let fields = [("username", &*name), ("email", &email), ("password", PASSWORD)];
        if browser.try_post("/register", &fields).is_some_and(|status| status == 303) {
            self.opened.push(name);
        }
    }

    fn act(&mut self, port: u16) -> Option<()> {
        if self.refresh.is_empty() {
            return self.log_in(port);
        }
        match rand::rng().random_range(0..20) {
            0 | 1 => self.log_out(port),
            2 => {
                let number = rand::rng().random();
                self.open_account(port, number);
                Some(())
            }
            _ => self.refresh(port),
        }
    }

    /// After a restart: everything acknowledged holds.
    fn check(&mut self, server: &Server) {
        let port = server.port;
        for (access, refresh) in &self.over {
            let (status, _) = ask(port, "/api/me", access, "").unwrap();
            assert_eq!(status, 401, "{}: an ended session is let in", self.name);
            let body = format!(r#"{{"refresh_token":"{refresh}"}}"#);
            let (status, _) = ask(port, "/api/refresh", "", &body).unwrap();
            assert_eq!(status, 401, "{}: an ended session is refreshed", self.name);
        }
        if !self.refresh.is_empty() {
            self.refresh(port).unwrap();
        }
        // Old ones have run out of interest, and of ten minutes.
        self.over.truncate(20);
    }
}

fn rounds() -> u32 {
    std::env::var("CRASH_ROUNDS").map_or(8, |text| text.parse().unwrap())
}

fn storm(settings: &[(&str, &str)]) {
    let mut all = vec![
        ("DOORWARD_THROTTLE_ADDRESS", "0"),
        ("DOORWARD_THROTTLE_REGISTRATIONS", "0"),
        ("DOORWARD_MAX_SESSIONS_PER_ACCOUNT", "1000"),
    ];
    all.extend(settings);
    let mut server = Server::with(&all);
    let mut people: Vec<Person> =
        (0..PEOPLE).map(|number| Person::new(format!("person{number}"))).collect();
    people.iter().for_each(|person| server.account(&person.name, &[]));
    for round in 0..rounds() {
        let (over, port) = (AtomicBool::new(false), server.port);
        std::thread::scope(|scope| {
            for person in &mut people {
                let over = &over;
                scope.spawn(move || {
                    // An answer that does not come ends the storm for this round.
                    while !over.load(Ordering::Relaxed) && person.act(port).is_some() {}
                });
            }
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(100..1500)));
            server.kill();
            over.store(true, Ordering::Relaxed);
        });
        server.start_again();
        people.iter_mut().for_each(|person| person.check(&server));
        assert!(round < 3 || people.iter().any(|person| person.refreshes > 0), "nothing happened");
    }
    let listed = server.done(&["account", "list"], "");
    let opened: Vec<&String> = people.iter().flat_map(|person| &person.opened).collect();
    assert!(opened.iter().all(|name| listed.contains(*name)), "an opened account is gone");
    server.done(&["audit", "verify"], "");
    let refreshes: u32 = people.iter().map(|person| person.refreshes).sum();
    println!(
        "killed {} times in {refreshes} refreshes and {} openings of accounts: nothing lost",
        rounds(),
        opened.len()
    );
}

#[test]
fn what_was_acknowledged_before_a_crash_is_done_on_sqlite() {
    storm(&[]);
}

#[test]
fn what_was_acknowledged_before_a_crash_is_done_on_postgresql() {
    if databases::postgres().is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = runtime.block_on(databases::fresh(std::path::Path::new("/")));
    storm(&[("DOORWARD_DATABASE_URL", &url)]);
}
