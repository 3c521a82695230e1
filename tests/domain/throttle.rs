//! Guessing is slow for the one who guesses, and for nobody else.

use doorward::base::error::Error;
use doorward::base::keys::{Purpose, Ring};
use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts;
use doorward::domain::accounts::names::LoginName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::audit::RequestSource;
use doorward::domain::passwords::policy::Password;
use doorward::domain::throttle::known_browser::{self, Known};
use doorward::domain::throttle::refusals::wait_of;
use doorward::domain::throttle::{Limits, Throttle, Who};
use doorward::service::words;
use rocket::futures::future::join_all;
use shared::databases::postgres;
use time::Duration;
use uuid::Uuid;

use crate::{LIMITS, NOON, PASSWORD, World, origin};

fn at(address: &str) -> RequestSource {
    RequestSource { address: address.to_owned(), ..origin("web") }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    In,
    Wrong,
    /// Turned away, for so long.
    Wait(Duration),
}

async fn attempt(
    world: &World,
    name: &str,
    password: &str,
    known: Option<&Known>,
    (address, now): (&str, Timestamp),
) -> Came {
    let (login, password) = (LoginName::parse(name), Password::parse(password).unwrap());
    let here = at(address);
    match world.passwords().authenticate(&login, &password, known, &here, now).await {
        Ok(_) => Came::In,
        Err(Error::Refused(accounts::refusals::WRONG_CREDENTIALS)) => Came::Wrong,
        Err(Error::Refused(refusal)) => Came::Wait(wait_of(refusal).unwrap()),
        Err(other) => panic!("{other}"),
    }
}

pub(crate) async fn guess(world: &World, name: &str, address: &str, now: Timestamp) -> Came {
    attempt(world, name, "not the password", None, (address, now)).await
}

pub(crate) async fn right(world: &World, address: &str, now: Timestamp) -> Came {
    attempt(world, "ada", PASSWORD, None, (address, now)).await
}

#[tokio::test]
async fn one_name_from_one_address_waits_longer_and_longer() {
    let mut world = World::new().await;
    let limits = Limits { name: 0, ..LIMITS };
    world.throttle = Throttle::new(world.sessions.db.clone(), world.keys.clone(), limits);
    world.account("ada", Roles::default()).await;
    for _ in 0..5 {
        assert_eq!(guess(&world, "ada", "192.0.2.1", NOON).await, Came::Wrong);
    }
    let mut now = NOON;
    for minutes in [1, 2, 4, 8, 16, 32] {
        let wait = Duration::minutes(minutes);
        assert_eq!(guess(&world, "ada", "192.0.2.1", now).await, Came::Wait(wait), "{minutes}");
        now = now + wait;
        assert_eq!(guess(&world, "ada", "192.0.2.1", now).await, Came::Wrong, "one more try");
    }
    let hour = Duration::hours(1);
    assert_eq!(guess(&world, "ada", "192.0.2.1", now).await, Came::Wait(hour), "never longer");
    let rest = Duration::minutes(10);
    let early = now + hour - rest;
    assert_eq!(guess(&world, "ada", "192.0.2.1", early).await, Came::Wait(rest), "nor shorter");
    assert_eq!(right(&world, "192.0.2.1", now).await, Came::Wait(hour), "nor is it told");
    assert_eq!(right(&world, "192.0.2.2", now).await, Came::In, "others are not concerned");
    assert_eq!(right(&world, "192.0.2.1", now + hour).await, Came::In);
    assert_eq!(guess(&world, "ada", "192.0.2.1", now + hour).await, Came::Wrong, "all reset");
    // Or forgotten.
    for _ in 0..4 {
        guess(&world, "ada", "192.0.2.1", now + hour).await;
    }
    let later = now + hour + Duration::minutes(75);
    for _ in 0..5 {
        assert_eq!(guess(&world, "ada", "192.0.2.1", later).await, Came::Wrong);
    }
}

#[tokio::test]
async fn an_unknown_name_is_slowed_down_exactly_like_a_known_one() {
    let world = World::new().await;
    world.account("ada", Roles::default()).await;
    let mut came = vec![];
    for name in ["ada", "nobody", "ada@example.org", "no name at all!"] {
        let mut row = vec![];
        for second in 0..12 {
            let now = NOON + Duration::seconds(second * 20);
            let address = format!("2001:db8:{:x}::1", name.len());
            row.push(guess(&world, name, &address, now).await);
        }
        came.push(row);
    }
    assert!(came.iter().all(|row| *row == came[0]), "{came:?}");
}

#[tokio::test]
async fn a_stranger_who_uses_up_a_name_does_not_keep_its_owner_out() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let mut turned_away = 0;
    for number in 0..40 {
        let address = format!("192.0.2.{number}");
        turned_away += u32::from(guess(&world, "ada", &address, NOON).await != Came::Wrong);
    }
    assert_eq!(turned_away, 30, "ten an hour from all addresses: she has two names");
    assert_ne!(right(&world, "198.51.100.1", NOON).await, Came::In, "a browser nobody knows");
    let token = known_browser::issue(&world.keys, ada.id.0, NOON);
    let known = known_browser::verify(&world.keys, &token, NOON);
    let mine = |password| attempt(&world, "ada", password, known.as_ref(), ("192.0.2.3", NOON));
    for _ in 0..9 {
        assert_eq!(mine("a slip of the finger").await, Came::Wrong);
    }
    assert_eq!(mine(PASSWORD).await, Came::In);
    for _ in 0..10 {
        assert_eq!(mine("a slip of the finger").await, Came::Wrong, "counted anew");
    }
    assert!(matches!(mine(PASSWORD).await, Came::Wait(_)), "a known browser has its limit, too");
    assert_eq!(right(&world, "198.51.100.1", NOON + Duration::hours(1)).await, Came::In);
}

#[tokio::test]
async fn after_fifty_failures_in_a_row_with_one_of_two_names_only_a_known_browser_may_try() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let mut now = NOON;
    for number in 0..50 {
        now = now + Duration::minutes(8);
        assert_eq!(guess(&world, "ada", &format!("10.0.0.{number}"), now).await, Came::Wrong);
    }
    now = now + Duration::days(29);
    assert!(matches!(right(&world, "198.51.100.1", now).await, Came::Wait(_)), "NIST's limit");
    let known = Known { account: ada.id.0, since: NOON, nonce: String::new() };
    let mine = attempt(&world, "ada@example.org", PASSWORD, Some(&known), ("10.0.0.1", now));
    assert_eq!(mine.await, Came::In);
    assert_eq!(right(&world, "198.51.100.1", now).await, Came::In, "in a row no more");
}

#[tokio::test]
async fn a_log_in_ends_a_row_of_failures_when_all_other_counts_are_over() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let known = Known { account: ada.id.0, since: NOON, nonce: String::new() };
    let mine = |password, now| attempt(&world, "ada", password, Some(&known), ("10.0.0.1", now));
    assert_eq!(mine("a slip of the finger", NOON).await, Came::Wrong);
    let later = NOON + Duration::hours(2);
    assert_eq!(world.throttle.remove_expired(20, later).await.unwrap(), 1, "of this hour");
    assert!(!keys_of_attempts(&world).await.is_empty());
    assert_eq!(mine(PASSWORD, later).await, Came::In);
    assert!(keys_of_attempts(&world).await.is_empty());
}

#[tokio::test]
async fn one_address_that_tries_many_names_is_turned_away_and_its_neighbour_network_is_not() {
    let world = World::new().await;
    for number in 0..30 {
        let name = format!("member-{number}");
        assert_eq!(guess(&world, &name, "2001:db8:1:1::7", NOON).await, Came::Wrong);
    }
    let wait = Came::Wait(Duration::minutes(15));
    assert_eq!(guess(&world, "one-more", "2001:db8:1:1:ffff::1", NOON).await, wait);
    assert_eq!(guess(&world, "one-more", "2001:db8:1:2::1", NOON).await, Came::Wrong);
    let later = NOON + Duration::minutes(15);
    assert_eq!(guess(&world, "one-more", "2001:db8:1:1::7", later).await, Came::Wrong);
}

#[tokio::test]
async fn two_names_of_one_account_are_no_two_chances() {
    let world = World::new().await;
    world.account("ada", Roles::default()).await;
    let names = ["ada", "ada@example.org", "nobody", "nobody@example.org"];
    for (most, step) in [(20, Duration::ZERO), (100, Duration::minutes(11))] {
        let mut tried = [0; 4];
        let mut now = NOON + Duration::days(40) * i32::from(most == 100);
        for number in 0..most {
            for (name, tried) in names.iter().zip(&mut tried) {
                let address = format!("10.{}.0.{number}", name.len());
                *tried += i64::from(guess(&world, name, &address, now).await == Came::Wrong);
            }
            now = now + step;
        }
        assert_eq!(tried[0] + tried[1], most, "20 an hour, 100 in a row");
        assert_eq!(tried[..2], tried[2..], "and nobody sees which exist");
    }
}

#[tokio::test]
async fn a_large_network_is_counted_as_a_whole_too() {
    let world = World::new().await;
    let mut tried = 0;
    for number in 0..350 {
        let (name, address) = (format!("name-{number}"), format!("2001:db8:7:{number:x}::1"));
        tried += u32::from(guess(&world, &name, &address, NOON).await == Came::Wrong);
    }
    assert_eq!(tried, 300, "ten times what one of its networks may");
    assert_eq!(guess(&world, "name-1", "2001:db8:8:1::1", NOON).await, Came::Wrong);
}

#[tokio::test]
async fn counts_are_shared_by_servers_and_survive_a_restart() {
    let world = World::new().await;
    let other = world.restarted().await;
    for (number, one) in [&world, &other, &world, &other, &world].into_iter().enumerate() {
        assert_eq!(guess(one, "ada", "192.0.2.1", NOON).await, Came::Wrong, "{number}");
    }
    for one in [&world, &other, &world.restarted().await] {
        assert!(matches!(guess(one, "ada", "192.0.2.1", NOON).await, Came::Wait(_)));
    }
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_than_one_after_the_other() {
    let world = World::new().await;
    world.account("ada", Roles::default()).await;
    let all = join_all((0..60).map(|_| guess(&world, "ada", "192.0.2.1", NOON))).await;
    let wrong = all.iter().filter(|came| **came == Came::Wrong).count();
    assert!((3..=5).contains(&wrong), "{all:?}");
    let world = World::new().await;
    world.account("ada", Roles::default()).await;
    let addresses: Vec<String> = (0..60).map(|number| format!("192.0.2.{number}")).collect();
    let all = join_all(addresses.iter().map(|address| guess(&world, "ada", address, NOON))).await;
    let wrong = all.iter().filter(|came| **came == Came::Wrong).count();
    assert!((5..=10).contains(&wrong), "{all:?}");
}

#[tokio::test]
async fn a_log_in_resets_neither_what_its_address_nor_what_all_addresses_have_failed() {
    let world = World::new().await;
    world.account("ada", Roles::default()).await;
    for number in 0..30 {
        if number == 20 {
            assert_eq!(right(&world, "192.0.2.1", NOON).await, Came::In);
        }
        let name = format!("member-{number}");
        assert_eq!(guess(&world, &name, "192.0.2.1", NOON).await, Came::Wrong, "{number}");
    }
    assert!(matches!(guess(&world, "one-more", "192.0.2.1", NOON).await, Came::Wait(_)));
    for number in 0..10 {
        if number == 5 {
            assert_eq!(right(&world, "198.51.100.1", NOON).await, Came::In);
        }
        let address = format!("10.0.0.{number}");
        assert_eq!(guess(&world, "ada", &address, NOON).await, Came::Wrong, "{number}");
    }
    assert!(matches!(guess(&world, "ada", "10.0.0.99", NOON).await, Came::Wait(_)));
}

#[tokio::test]
async fn an_honest_crowd_behind_one_address_all_gets_in_at_once() {
    let world = World::new().await;
    for number in 0..50 {
        world.account(&format!("pupil-{number}"), Roles::default()).await;
    }
    let names: Vec<String> = (0..50).map(|number| format!("pupil-{number}")).collect();
    let here = ("192.0.2.1", NOON);
    let all = join_all(names.iter().map(|name| attempt(&world, name, PASSWORD, None, here))).await;
    assert!(all.iter().all(|came| *came == Came::In), "{all:?}");
    let same = join_all((0..30).map(|_| attempt(&world, "pupil-1", PASSWORD, None, here))).await;
    assert!(same.iter().all(|came| *came == Came::In), "{same:?}");
}

#[tokio::test]
async fn somebody_who_has_waited_may_try_once_and_not_many_times_at_once() {
    let world = World::new().await;
    for _ in 0..6 {
        guess(&world, "ada", "192.0.2.1", NOON).await;
    }
    let later = NOON + Duration::hours(1);
    let who = Who { name: "ada", names: &[], address: "192.0.2.1", known: None };
    let first = world.throttle.log_in(who, later).await.unwrap();
    let second = world.throttle.log_in(who, later).await.map(drop);
    assert!(matches!(second, Err(Error::Refused(_))), "while the first one is under way");
    drop(first);
    drop(world.throttle.log_in(who, later).await.unwrap());
}

#[tokio::test]
async fn counts_that_are_over_are_removed_and_hold_neither_name_nor_address() {
    let world = World::new().await;
    for number in 0..50 {
        guess(&world, &format!("stranger-{number}"), "192.0.2.77", NOON).await;
    }
    let later = NOON + Duration::days(31);
    let keys = keys_of_attempts(&world).await;
    assert!(keys.len() > 50, "{}", keys.len());
    assert!(keys.iter().all(|key| key.len() == 32), "MACs and nothing else");
    if postgres().is_none() {
        assert!(!is_in_the_files(&world, b"stranger"), "typed names are nowhere");
    }
    let mut gone = 0;
    while let removed @ 1.. = world.throttle.remove_expired(20, later).await.unwrap() {
        gone += removed;
    }
    assert!(gone > 50, "{gone}");
    assert!(keys_of_attempts(&world).await.is_empty());
}

async fn keys_of_attempts(world: &World) -> Vec<Vec<u8>> {
    use sea_orm::{ConnectionTrait, Statement};
    let db = world.sessions.db.read();
    let all = "SELECT key FROM attempts UNION ALL SELECT name_key FROM attempts WHERE name_key IS NOT NULL";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), all)).await;
    rows.unwrap().iter().map(|row| row.try_get("", "key").unwrap()).collect()
}

#[tokio::test]
async fn accounts_are_opened_from_one_address_only_so_often() {
    let world = World::new().await;
    for _ in 0..5 {
        world.throttle.register("192.0.2.1", NOON).await.unwrap().count(NOON).await.unwrap();
    }
    drop(world.throttle.register("192.0.2.2", NOON).await.unwrap());
    let refused = world.throttle.register("192.0.2.1", NOON).await.err();
    let told = refused.map(|error| words::error(&error)).unwrap_or_default();
    assert!(told.contains("wait 60 minutes"), "{told}");
}

#[tokio::test]
async fn a_token_of_a_known_browser_is_believed_as_we_made_it_and_in_no_other_form() {
    let world = World::new().await;
    let id = Uuid::from_u128(7);
    let token = known_browser::issue(&world.keys, id, NOON);
    let other = known_browser::issue(&world.keys, Uuid::from_u128(8), NOON);
    let (head, _) = other.rsplit_once('.').unwrap();
    let (_, mac) = token.rsplit_once('.').unwrap();
    let later = token.replacen(&NOON.0.to_string(), &(NOON.0 + 1).to_string(), 1);
    let verify = |token: &str| known_browser::verify(&world.keys, token, NOON);
    let known = verify(&token).unwrap();
    assert_eq!((known.account, known.since), (id, NOON));
    assert_ne!(known.nonce, verify(&known_browser::issue(&world.keys, id, NOON)).unwrap().nonce);
    for forged in
        ["", ".", "a.b.c.d", &format!("{head}.{mac}"), &format!("{token}.x"), &token[1..], &later]
    {
        assert_eq!(verify(forged), None, "{forged}");
    }
    let after = |days| known_browser::verify(&world.keys, &token, NOON + Duration::days(days));
    assert!(after(179).is_some() && after(180).is_none());
}

#[tokio::test]
async fn rotating_the_key_of_forms_forgets_no_count_and_no_known_browser() {
    let world = World::new().await;
    for _ in 0..5 {
        guess(&world, "ada", "192.0.2.1", NOON).await;
    }
    let token = known_browser::issue(&world.keys, Uuid::from_u128(7), NOON);
    let rotate = |ring: &mut Ring| Ok(ring.rotate(Purpose::Form, Duration::ZERO, NOON));
    world.keys.change(rotate).unwrap();
    assert!(matches!(guess(&world, "ada", "192.0.2.1", NOON).await, Came::Wait(_)));
    assert!(known_browser::verify(&world.keys, &token, NOON).is_some());
    let rotate = |ring: &mut Ring| Ok(ring.rotate(Purpose::Browser, known_browser::LIFE, NOON));
    world.keys.change(rotate).unwrap();
    let later = NOON + Duration::days(179);
    assert!(known_browser::verify(&world.keys, &token, later).is_some(), "as long as it lives");
}

#[tokio::test]
async fn a_name_that_nobody_has_leaves_no_row_for_long() {
    let world = World::new().await;
    guess(&world, "nobody", "192.0.2.1", NOON).await;
    let rows = async |hours| {
        let later = NOON + Duration::hours(hours);
        let mut left = 4;
        while let removed @ 1.. = world.throttle.remove_expired(20, later).await.unwrap() {
            left -= removed;
        }
        left
    };
    assert_eq!(rows(0).await, 4, "a name, an address, both, and failures in a row");
    assert_eq!(rows(15).await, 0);
}

fn is_in_the_files(world: &World, text: &[u8]) -> bool {
    let files = ["doorward.db", "doorward.db-wal"].map(|name| world.folder.path().join(name));
    let bytes: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    bytes.windows(text.len()).any(|window| window == text)
}
