//! The server is killed at random moments under heavy load. Whatever it had
//! acknowledged is done, whatever had ended is refused, and nobody honest is
//! signed out. `CRASH_ROUNDS=200 cargo test --test server crash` looks longer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::RngExt;
use rand::seq::IndexedRandom;
use shared::databases;

use crate::browser::Browser;
use crate::raw;
use crate::server::{PASSWORD, Server};

const PEOPLE: usize = 6;

/// What was done and acknowledged.
#[derive(Default)]
struct Tally {
    refreshes: u32,
    log_outs: u32,
    openings: u32,
    passwords: u32,
}

/// Somebody with a session in a script, and what they know for certain.
struct Person {
    name: String,
    password: String,
    /// Perhaps this one by now: the change was not acknowledged.
    perhaps: Option<String>,
    /// No longer the password, for certain.
    former: Option<String>,
    access: String,
    refresh: String,
    /// Tokens whose end was acknowledged.
    over: Vec<(String, String)>,
    /// Accounts whose opening was acknowledged.
    opened: Vec<String>,
    done: Tally,
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

fn log_in(port: u16, name: &str, password: &str) -> Option<(u16, serde_json::Value)> {
    let body = format!(r#"{{"login":"{name}","password":"{password}"}}"#);
    ask(port, "/api/login", "", &body)
}

impl Person {
    fn new(name: String) -> Self {
        Self {
            name,
            password: PASSWORD.to_owned(),
            perhaps: None,
            former: None,
            access: String::new(),
            refresh: String::new(),
            over: vec![],
            opened: vec![],
            done: Tally::default(),
        }
    }

    fn take(&mut self, tokens: &serde_json::Value) {
        self.access = tokens["access_token"].as_str().unwrap().to_owned();
        self.refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    }

    fn log_in(&mut self, port: u16) -> Option<()> {
        let (mut status, mut tokens) = log_in(port, &self.name, &self.password)?;
        if let (401, Some(perhaps)) = (status, self.perhaps.clone()) {
            (status, tokens) = log_in(port, &self.name, &perhaps)?;
            self.password = perhaps;
        }
        assert_eq!(status, 200, "{}: {tokens}", self.name);
        self.perhaps = None;
        self.take(&tokens);
        Some(())
    }

    /// What was not answered may be done or not: the same token must still do.
    fn refresh(&mut self, port: u16) -> Option<()> {
        let body = format!(r#"{{"refresh_token":"{}"}}"#, self.refresh);
        let (status, tokens) = ask(port, "/api/refresh", "", &body)?;
        assert_eq!(status, 200, "{} is signed out though honest: {tokens}", self.name);
        self.take(&tokens);
        self.done.refreshes += 1;
        let (status, _) = ask(port, "/api/me", &self.access, "")?;
        // A change of roles ends access tokens, and comes at any moment.
        assert!([200, 401].contains(&status), "{}: {status}", self.name);
        Some(())
    }

    /// An unanswered log-out may have been done.
    fn log_out(&mut self, port: u16) -> Option<()> {
        let tokens = (self.access.clone(), self.refresh.clone());
        self.refresh.clear();
        let (status, _) = ask(port, "/api/logout", &tokens.0, "")?;
        // A change of roles may have come between.
        assert!([204, 401].contains(&status), "{status}");
        if status == 204 {
            self.over.push(tokens);
            self.done.log_outs += 1;
        }
        Some(())
    }

    /// In a browser, which ends the script's session.
    fn change_password(&mut self, port: u16) -> Option<()> {
        let browser = Browser::at(port);
        let fields = [("login", &*self.name), ("password", &self.password)];
        let answer = browser.try_post("/login", &fields)?;
        assert_eq!(answer.status, 303, "{}: {}", self.name, answer.raw);
        let new = format!("{PASSWORD} {}", rand::rng().random::<u32>());
        let tokens = (self.access.clone(), std::mem::take(&mut self.refresh));
        self.perhaps = Some(new.clone());
        let fields = [("current_password", &*self.password), ("new_password", &new)];
        let answer = browser.try_post("/account/password", &fields)?;
        assert_eq!(answer.status, 303, "{}: {}", self.name, answer.raw);
        self.perhaps = None;
        self.former = Some(std::mem::replace(&mut self.password, new));
        self.over.push(tokens);
        self.done.passwords += 1;
        Some(())
    }

    fn open_account(&mut self, port: u16) -> Option<()> {
        let name = format!("{}-{}", self.name, rand::rng().random::<u32>());
        let email = format!("{name}@example.org");
        let fields = [("username", &*name), ("email", &email), ("password", PASSWORD)];
        let answer = Browser::at(port).try_post("/register", &fields)?;
        assert_eq!(answer.status, 303, "{}", answer.raw);
        self.opened.push(name);
        self.done.openings += 1;
        Some(())
    }

    fn act(&mut self, port: u16) -> Option<()> {
        if self.refresh.is_empty() {
            return self.log_in(port);
        }
        match rand::rng().random_range(0..24) {
            0 | 1 => self.log_out(port),
            2 => self.open_account(port),
            3 | 4 if self.perhaps.is_none() => self.change_password(port),
            _ => self.refresh(port),
        }
    }

    /// After a restart: everything acknowledged holds.
    fn check(&mut self, port: u16) {
        for (access, refresh) in &self.over {
            let (status, _) = ask(port, "/api/me", access, "").unwrap();
            assert_eq!(status, 401, "{}: an ended session is let in", self.name);
            let body = format!(r#"{{"refresh_token":"{refresh}"}}"#);
            let (status, _) = ask(port, "/api/refresh", "", &body).unwrap();
            assert_eq!(status, 401, "{}: an ended session is refreshed", self.name);
        }
        if let Some(former) = self.former.take() {
            let (status, _) = log_in(port, &self.name, &former).unwrap();
            assert_eq!(status, 401, "{}: the former password opens", self.name);
        }
        if self.refresh.is_empty() {
            self.log_in(port).unwrap();
        }
        self.refresh(port).unwrap();
        let (status, _) = ask(port, "/api/me", &self.access, "").unwrap();
        assert_eq!(status, 200, "{}", self.name);
        // The access tokens of older ones have run out.
        let kept = self.over.len().saturating_sub(20);
        self.over.drain(..kept);
    }
}

/// An administrator, who changes other people's roles.
struct Chief {
    browser: Browser,
    /// Accounts by name: the id, and the role that was acknowledged, if any is certain.
    roles: BTreeMap<String, (String, Option<&'static str>)>,
    done: u32,
}

impl Chief {
    fn of(server: &Server, people: &[Person]) -> Self {
        server.account("chief", &["admin"]);
        let roles = people.iter().map(|person| {
            let (_, tokens) = log_in(server.port, &person.name, PASSWORD).unwrap();
            let token = tokens["access_token"].as_str().unwrap();
            let (_, me) = ask(server.port, "/api/me", token, "").unwrap();
            (person.name.clone(), (me["sub"].as_str().unwrap().to_owned(), Some("")))
        });
        Self { browser: Browser::of(server), roles: roles.collect(), done: 0 }
    }

    fn act(&mut self) -> Option<()> {
        let names: Vec<String> = self.roles.keys().cloned().collect();
        let name = names.choose(&mut rand::rng()).unwrap();
        let (id, known) = self.roles.get_mut(name).unwrap();
        let role = *["", "support", "auditor"].choose(&mut rand::rng()).unwrap();
        *known = None;
        let ticked = format!("role.{role}");
        let fields = [("reason", "a storm"), (&*ticked, "on")];
        let fields = if role.is_empty() { &fields[..1] } else { &fields[..] };
        let answer = self.browser.try_post(&format!("/admin/accounts/{id}/roles"), fields)?;
        assert_eq!(answer.status, 303, "{}", answer.raw);
        *known = Some(role);
        self.done += 1;
        // The rest is for the others.
        std::thread::sleep(Duration::from_millis(50));
        Some(())
    }

    /// The log-in is at most five minutes old.
    fn log_in(&self) {
        self.browser.cookies.clear();
        self.browser.log_in("chief");
    }

    fn check(&self, port: u16, person: &Person) {
        if let (_, Some(role)) = self.roles[&person.name] {
            let (_, me) = ask(port, "/api/me", &person.access, "").unwrap();
            let expected = if role.is_empty() { vec![] } else { vec![role] };
            assert_eq!(me["roles"], serde_json::json!(expected), "{}", person.name);
        }
    }
}

fn rounds() -> u32 {
    std::env::var("CRASH_ROUNDS").map_or(8, |text| text.parse().unwrap())
}

fn storm(settings: &[(&str, &str)]) {
    let mut all = vec![
        ("DOORWARD_THROTTLE_ADDRESS", "0"),
        ("DOORWARD_THROTTLE_NAME", "0"),
        ("DOORWARD_THROTTLE_NAME_AND_ADDRESS", "0"),
        ("DOORWARD_THROTTLE_REGISTRATIONS", "0"),
        ("DOORWARD_MAX_SESSIONS_PER_ACCOUNT", "1000"),
    ];
    all.extend(settings);
    let mut server = Server::with(&all);
    let port = server.port;
    let mut people: Vec<Person> =
        (0..PEOPLE).map(|number| Person::new(format!("person{number}"))).collect();
    people.iter().for_each(|person| server.account(&person.name, &[]));
    let mut chief = Chief::of(&server, &people);
    for _ in 0..rounds() {
        chief.log_in();
        let over = AtomicBool::new(false);
        // An answer that does not come ends the storm for this round.
        let goes_on = || !over.load(Ordering::Relaxed);
        std::thread::scope(|scope| {
            scope.spawn(|| while goes_on() && chief.act().is_some() {});
            for person in &mut people {
                scope.spawn(move || while goes_on() && person.act(port).is_some() {});
            }
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(100..1500)));
            server.kill();
            over.store(true, Ordering::Relaxed);
        });
        server.start_again();
        for person in &mut people {
            person.check(port);
            chief.check(port, person);
        }
    }
    let listed = server.done(&["account", "list"], "");
    let opened: Vec<&String> = people.iter().flat_map(|person| &person.opened).collect();
    assert!(opened.iter().all(|name| listed.contains(*name)), "an opened account is gone");
    server.done(&["audit", "verify"], "");
    let sum = |figure: fn(&Tally) -> u32| people.iter().map(|one| figure(&one.done)).sum::<u32>();
    let refreshes = sum(|done| done.refreshes);
    assert!(refreshes > rounds(), "nothing happened");
    println!(
        "killed {} times in {refreshes} refreshes, {} log-outs, {} registrations, {} changes of passwords and {} of roles: nothing lost",
        rounds(),
        sum(|done| done.log_outs),
        sum(|done| done.openings),
        sum(|done| done.passwords),
        chief.done,
    );
}

#[test]
fn what_was_acknowledged_before_a_crash_is_done_on_sqlite() {
    storm(&[]);
}

#[test]
fn what_was_acknowledged_before_a_crash_is_done_on_postgresql() {
    if databases::needed_postgres().is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = runtime.block_on(databases::fresh(std::path::Path::new("/")));
    storm(&[("DOORWARD_DATABASE_URL", &url)]);
}
