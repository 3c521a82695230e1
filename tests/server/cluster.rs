//! Three servers as one service. Needs PostgreSQL (see tests/postgres).

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use shared::databases::needed_control;

use crate::browser::Browser;
use crate::faults::clock_of_its_own;
use crate::raw;
use crate::server::{PASSWORD, Server, wait};
use crate::service::Cluster;

#[test]
fn one_browser_goes_from_server_to_server_through_refresh_after_refresh() {
    let settings = [("DOORWARD_ACCESS_TOKEN_SECONDS", "1")];
    let Some(cluster) = Cluster::start(3, &settings) else { return };
    cluster.servers[0].account("ada", &[]);
    let browser = cluster.browser();
    browser.log_in("ada");
    let first = browser.cookie("__Host-rt");
    for round in 0..40 {
        if round % 4 == 0 {
            std::thread::sleep(Duration::from_millis(1100));
            browser.cookies.forget("__Host-at");
        }
        let answer = browser.get("/account");
        assert_eq!(answer.status, 200, "round {round}: {}", answer.raw);
    }
    assert_ne!(browser.cookie("__Host-rt"), first);
    // A form that one server made is taken by the next.
    let token = browser.token("/account/delete");
    let answer = browser.post_with("/account/delete", &token, &[("password", "a guess")]);
    assert_eq!(answer.status, 422, "{}", answer.raw);
}

/// Milliseconds from the answer to a log-out on one server until each of the
/// others refuses the token.
fn delays(cluster: &Cluster, rounds: usize) -> Vec<u128> {
    let mut delays = vec![];
    for round in 0..rounds {
        let (token, _) = cluster.login(round % 3, "ada");
        let others = [(round + 1) % 3, (round + 2) % 3];
        assert!(others.iter().all(|other| cluster.is_let_in(*other, &token)));
        assert_eq!(cluster.ask(round % 3, "POST", "/api/logout", &token, "").status, 204);
        let began = Instant::now();
        assert!(!cluster.is_let_in(round % 3, &token), "on the very next request there");
        for other in others {
            while cluster.is_let_in(other, &token) {
                assert!(began.elapsed() < Duration::from_secs(10), "never");
            }
        }
        delays.push(began.elapsed().as_millis());
    }
    delays.sort_unstable();
    delays
}

#[test]
fn what_one_server_revokes_the_others_refuse() {
    for (notify, rounds) in [("true", 200), ("false", 20)] {
        // One account that logs in more often than anybody does.
        let settings = [("DOORWARD_DATABASE_NOTIFY", notify), ("DOORWARD_THROTTLE_NAME", "0")];
        let Some(cluster) = Cluster::start(3, &settings) else { return };
        cluster.servers[0].account("ada", &[]);
        let delays = delays(&cluster, rounds);
        let worst = delays[rounds - 1];
        println!(
            "revocation reaches the others, notify {notify}, {rounds} times: median {} ms, worst {} ms",
            delays[rounds / 2],
            worst
        );
        // On an idle machine a quarter of that.
        assert!(worst < 1000, "{worst} ms, notify {notify}: {delays:?}");
    }
}

#[test]
fn guesses_at_one_server_count_at_the_others() {
    let Some(cluster) = Cluster::start(3, &[]) else { return };
    let body = r#"{"login":"ada","password":"a guess"}"#;
    for round in 0..5 {
        assert_eq!(cluster.ask(round % 3, "POST", "/api/login", "", body).status, 401);
    }
    for server in 0..3 {
        assert_eq!(cluster.ask(server, "POST", "/api/login", "", body).status, 429);
    }
}

#[test]
fn a_rotated_key_is_believed_by_all_of_them() {
    let Some(cluster) = Cluster::start(3, &[]) else { return };
    cluster.servers[0].account("ada", &[]);
    cluster.servers[1].done(&["keys", "rotate"], "");
    wait(|| {
        let (token, _) = cluster.login(0, "ada");
        (0..3).all(|server| cluster.is_let_in(server, &token))
    });
}

/// Dropped, it sets the flag.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// So many people, each logged in with a browser, make one visit after the other
/// while something happens. Returns how many visits there were.
fn under_load(
    cluster: &Cluster,
    people: usize,
    visit: impl Fn(&Browser) + Sync,
    meanwhile: impl FnOnce(),
) -> u32 {
    for number in 0..people {
        cluster.servers[0].account(&format!("member-{number}"), &[]);
    }
    let (over, visits, port) = (AtomicBool::new(false), AtomicU32::new(0), cluster.port);
    std::thread::scope(|scope| {
        for number in 0..people {
            let (over, visits, visit) = (&over, &visits, &visit);
            scope.spawn(move || {
                let browser = Browser::at(port);
                browser.log_in(&format!("member-{number}"));
                while !over.load(Ordering::Relaxed) {
                    visit(&browser);
                    visits.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Whatever goes wrong, the others are told to stop.
        let _stop = Stop(&over);
        meanwhile();
    });
    visits.into_inner()
}

fn look_at_account(browser: &Browser) {
    let answer = browser.get("/account");
    assert_eq!(answer.status, 200, "{}", answer.raw);
}

#[test]
fn one_server_is_killed_under_load_and_nobody_notices() {
    let settings = [("DOORWARD_ACCESS_TOKEN_SECONDS", "1")];
    let Some(mut cluster) = Cluster::start(3, &settings) else { return };
    let last = cluster.servers.pop();
    let asked = under_load(&cluster, 4, look_at_account, || {
        std::thread::sleep(Duration::from_secs(2));
        drop(last);
        std::thread::sleep(Duration::from_secs(3));
    });
    assert!(asked > 100);
}

/// Trades the token for the next, over and over. While there is no database the
/// same token is offered again; nobody who was answered may ever be refused.
/// Returns how many trades there were before that and after.
fn refresh_until(
    over: &AtomicBool,
    cluster: &Cluster,
    server: usize,
    mut token: String,
) -> (u32, u32) {
    let (mut before, mut after, mut away) = (0, 0, false);
    while !over.load(Ordering::Relaxed) {
        let body = format!(r#"{{"refresh_token":"{token}"}}"#);
        let answer = cluster.ask(server, "POST", "/api/refresh", "", &body);
        match answer.status {
            200 => {
                let tokens: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                token = tokens["refresh_token"].as_str().unwrap().to_owned();
                *(if away { &mut after } else { &mut before }) += 1;
            }
            503 => away = true,
            other => panic!("{other}: {}", answer.raw),
        }
    }
    (before, after)
}

#[test]
fn when_the_database_is_away_pages_say_so_and_come_back_by_themselves() {
    let Some(cluster) = Cluster::start(2, &[]) else { return };
    let Some(control) = needed_control() else { return };
    cluster.servers[0].account("ada", &[]);
    cluster.servers[0].account("bob", &[]);
    let browser = cluster.browser();
    browser.log_in("ada");
    let (kept, _) = cluster.login(0, "ada");
    let (ended, _) = cluster.login(0, "ada");
    assert_eq!(cluster.ask(0, "POST", "/api/logout", &ended, "").status, 204);
    let postgres = |what: &str| {
        let done = Command::new("sh").args(["-c", &format!("{control} {what}")]).status();
        assert!(done.unwrap().success(), "{what}");
    };
    let ready = |server: usize| cluster.ask(server, "GET", "/readyz", "", "").status;
    assert_eq!((ready(0), ready(1)), (200, 200));
    let over = AtomicBool::new(false);
    let chains: Vec<String> = (0..4).map(|number| cluster.login(number % 2, "bob").1).collect();
    std::thread::scope(|scope| {
        let refreshing: Vec<_> = chains
            .into_iter()
            .enumerate()
            .map(|(number, token)| {
                let (cluster, over) = (&cluster, &over);
                scope.spawn(move || refresh_until(over, cluster, number % 2, token))
            })
            .collect();
        // Whatever goes wrong here, the others are told to stop.
        let stop = Stop(&over);
        std::thread::sleep(Duration::from_millis(500));
        for _ in 0..2 {
            assert_eq!(browser.get("/account").status, 200, "asked once of each server");
        }
        postgres("stop -m immediate");
        let began = Instant::now();
        assert_eq!(browser.get("/account").status, 200, "signed-in pages go on for a moment");
        wait(|| match browser.get("/account").status {
            200 => false,
            503 => true,
            other => panic!("{other}"),
        });
        println!("after {} ms without a database it is 503", began.elapsed().as_millis());
        assert_eq!((ready(0), ready(1)), (503, 503));
        let answer = browser.post("/login", &[("login", "ada"), ("password", PASSWORD)]);
        assert_ne!(answer.status, 303);
        postgres("start -w");
        wait(|| ready(0) == 200 && ready(1) == 200);
        std::thread::sleep(Duration::from_millis(500));
        drop(stop);
        for chain in refreshing {
            let (before, after) = chain.join().unwrap();
            assert!(before > 0 && after > 0, "{before} refreshes before, {after} after");
        }
    });
    assert!(!cluster.is_let_in(0, &ended) && !cluster.is_let_in(1, &ended));
    assert!(cluster.is_let_in(0, &kept) && browser.is_signed_in(), "nothing was lost");
}

#[test]
fn a_key_that_one_server_lacks_is_told_and_signs_nobody_out() {
    let settings =
        [("DOORWARD_KEYS_FILE", "data/keys.json"), ("DOORWARD_ACCESS_TOKEN_SECONDS", "1")];
    let Some(mut cluster) = Cluster::start(1, &settings) else { return };
    cluster.servers[0].account("ada", &[]);
    // Another one, with a copy of the keys.
    let folder = tempfile::tempdir().unwrap();
    fs::DirBuilder::new().mode(0o700).create(folder.path().join("data")).unwrap();
    let from = cluster.servers[0].its_data("keys.json");
    fs::copy(&from, folder.path().join("data/keys.json")).unwrap();
    let other = Server::in_folder(folder, &cluster.settings_of_first());
    cluster.servers.push(other);
    let ready = |server: usize| cluster.ask(server, "GET", "/readyz", "", "").status;
    wait(|| ready(0) == 200 && ready(1) == 200);

    cluster.servers[0].done(&["keys", "rotate", "refresh"], "");
    wait(|| ready(1) == 503);
    assert_eq!(ready(0), 200);
    let (_, refresh) = cluster.login(0, "ada");
    let body = format!(r#"{{"refresh_token":"{refresh}"}}"#);
    let answer = cluster.ask(1, "POST", "/api/refresh", "", &body);
    assert_eq!(answer.status, 503, "neither believed nor refused: {}", answer.raw);
    assert!(cluster.servers[1].stderr().contains("give all of them the same key file"));

    fs::copy(&from, cluster.servers[1].its_data("keys.json")).unwrap();
    wait(|| ready(1) == 200);
    assert_eq!(cluster.ask(1, "POST", "/api/refresh", "", &body).status, 200);
}

#[test]
fn a_server_whose_clock_is_wrong_says_so_and_signs_nobody_out() {
    let Some(mut cluster) = Cluster::start(1, &[]) else { return };
    cluster.servers[0].account("ada", &[]);
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    fs::write(&clock, "+65").unwrap();
    let wrong = clock_of_its_own(&clock);
    let mut settings = cluster.settings_of_first();
    settings.extend(wrong.iter().map(|(name, value)| (*name, value.as_str())));
    let other = Server::in_folder(folder, &settings);
    cluster.servers.push(other);
    // A tab asked for the next tokens, another one got them, and only then does
    // the first one's question arrive: at the other server.
    let (_, first) = cluster.login(0, "ada");
    let refresh = |server: usize, token: &str| {
        let body = format!(r#"{{"refresh_token":"{token}"}}"#);
        cluster.ask(server, "POST", "/api/refresh", "", &body)
    };
    let text = |answer: &raw::Answer, name: &str| {
        let tokens: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        tokens[name].as_str().unwrap().to_owned()
    };
    let next = refresh(0, &first);
    let (access, second) = (text(&next, "access_token"), text(&next, "refresh_token"));
    assert!(cluster.is_let_in(0, &access));
    assert!(cluster.is_let_in(1, &access), "whatever its clock says");
    refresh(1, &first);
    assert_eq!(refresh(0, &second).status, 200, "nobody is a thief for a wrong clock");

    let ready = |server: usize| cluster.ask(server, "GET", "/readyz", "", "");
    let answer = ready(1);
    assert_eq!(answer.status, 503, "{}", answer.raw);
    assert!(answer.body.contains("clock"), "{}", answer.raw);
    assert_eq!(ready(0).status, 200);
    let said = cluster.servers[1].run(&["doctor"], "");
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("PROBLEM  This machine's clock is 65 seconds ahead"), "{said}");
    fs::write(cluster.servers[1].folder.path().join("clock"), "+0").unwrap();
    wait(|| ready(1).status == 200);
}

#[test]
fn keys_are_rotated_and_revoked_under_load_without_a_failed_request() {
    let settings = [("DOORWARD_ACCESS_TOKEN_SECONDS", "3")];
    let Some(cluster) = Cluster::start(3, &settings) else { return };
    let visit = |browser: &Browser| {
        look_at_account(browser);
        // A form that waits while the keys behind it change.
        let token = browser.token("/account/delete");
        std::thread::sleep(Duration::from_millis(20));
        let fields = [("username", ""), ("password", "x\0")];
        let answer = browser.post_with("/account/delete", &token, &fields);
        assert_eq!(answer.status, 422, "{}", answer.raw);
    };
    let asked = under_load(&cluster, 3, visit, || {
        for _ in 0..3 {
            for purpose in ["access", "refresh", "form", "message"] {
                std::thread::sleep(Duration::from_millis(300));
                let new = cluster.servers[0].done(&["keys", "rotate", purpose], "");
                if purpose == "access" {
                    std::thread::sleep(Duration::from_millis(300));
                    cluster.servers[0].done(&["keys", "revoke", &new], "");
                }
            }
        }
    });
    assert!(asked > 50);
}
