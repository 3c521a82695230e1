//! The live sessions of everyone, screen by screen; and what becomes of those that are over.

use std::collections::BTreeSet;

use doorward::base::network;
use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::audit::RequestSource;
use doorward::domain::login::Verified;
use doorward::domain::sessions::search::{Filter, screen};
use doorward::domain::sessions::{Audience, NewSession, Session, last_seen, live_of};
use time::Duration;

use crate::{BROWSER, NOON, World};

/// Sessions from addresses of two networks, some by scripts, each at a moment of its own.
async fn crowd(world: &World) -> Vec<doorward::domain::sessions::SessionId> {
    let mut sids = vec![];
    for number in 0..5 {
        let account = world.account(&format!("member-{number}"), Roles::default()).await;
        for place in 0..5 {
            let address = if place < 2 { "192.0.2" } else { "2001:db8" };
            let separator = if place < 2 { "." } else { "::" };
            let client = if place == 4 { Audience::Api } else { Audience::Web };
            let origin = RequestSource {
                address: format!("{address}{separator}{number}"),
                ..RequestSource::default()
            };
            let now = NOON + Duration::minutes(number * 5 + place);
            let verified = Verified::by_password(account.clone(), now);
            let new = NewSession { audience: client, ..BROWSER };
            let begun = world.sessions.start(&verified, new, &origin, now).await;
            sids.push(begun.unwrap().principal.session);
        }
    }
    sids
}

/// All screens of so many, one after the other.
async fn all(world: &World, filter: &Filter, limit: u64, now: Timestamp) -> Vec<Session> {
    let (mut found, mut from) = (vec![], None);
    loop {
        let db = world.sessions.db.read();
        let (sessions, next) = screen(db, filter, from, limit, now).await.unwrap();
        assert!(sessions.len() as u64 == limit || next.is_none(), "a screen that is not full");
        found.extend(sessions);
        from = match next {
            None => return found,
            next => next,
        };
    }
}

#[tokio::test]
async fn every_live_session_is_found_once_and_the_newest_first() {
    let world = World::new().await;
    let sids = crowd(&world).await;
    let now = NOON + Duration::hours(1);
    let here = crate::origin("web");
    let gone = &sids[..3];
    for sid in gone {
        let cli = doorward::domain::sessions::Actor::operator(&here);
        world.sessions.end_by_staff(&[*sid], cli, now).await.unwrap();
    }
    for limit in [1, 4, 11, 22, 50] {
        let found = all(&world, &Filter::default(), limit, now).await;
        let names: Vec<_> = found.iter().map(|session| session.sid).collect();
        let expected: Vec<_> = sids[3..].iter().rev().copied().collect();
        assert_eq!(names, expected, "{limit}");
    }
    // Those that ran out are not live, marked or not.
    for later in [Duration::hours(13), Duration::days(2)] {
        assert!(all(&world, &Filter::default(), 50, now + later).await.is_empty());
    }
}

#[tokio::test]
async fn a_filter_finds_those_of_a_range_an_account_and_a_kind() {
    let world = World::new().await;
    let sids = crowd(&world).await;
    let now = NOON + Duration::hours(1);
    let some = async |filter: Filter, count: usize| {
        for limit in [1, 2, 3, 50] {
            let found = all(&world, &filter, limit, now).await;
            let different: BTreeSet<_> =
                found.iter().map(|session| session.sid.to_string()).collect();
            assert_eq!((found.len(), different.len()), (count, count), "{filter:?} by {limit}");
        }
    };
    let range = |text: &str| Filter { addresses: network::parse(text), ..Filter::default() };
    some(range("192.0.2.0/24"), 10).await;
    some(range("192.0.2.3"), 2).await;
    some(range("2001:db8::/32"), 15).await;
    some(range("198.51.100.0/24"), 0).await;
    some(Filter { client: Some(Audience::Api), ..Filter::default() }, 5).await;
    let db = world.sessions.db.read();
    let account = doorward::domain::sessions::by_id(db, sids[7]).await.unwrap().account;
    let own = Filter { account: Some(account), ..Filter::default() };
    some(own.clone(), 5).await;
    some(Filter { client: Some(Audience::Web), ..own.clone() }, 4).await;
    some(Filter { addresses: network::parse("192.0.2.1"), ..own }, 2).await;
}

#[tokio::test]
async fn when_each_was_last_active_is_told_of_those_that_are_asked_for() {
    let world = World::new().await;
    let sids = crowd(&world).await;
    let db = world.sessions.db.read();
    let seen = last_seen(db, &sids[..2]).await.unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[&sids[1]], NOON + Duration::minutes(1));
    assert!(last_seen(db, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_over_is_marked_kept_a_month_and_removed_in_batches() {
    let world = World::new().await;
    let mut accounts = vec![];
    for number in 0..90 {
        let account = world.account(&format!("member-{number}"), Roles::default()).await;
        for _ in 0..5 {
            world.start(&account, NOON).await;
        }
        accounts.push(account.id);
    }
    let rounds = async |now| {
        let mut rounds = 1;
        while world.sessions.purge_expired(now).await.unwrap() {
            rounds += 1;
        }
        rounds
    };
    let count = async || {
        let mut count = 0;
        for account in &accounts {
            let db = world.sessions.db.read();
            count += doorward::domain::sessions::all_of(db, *account).await.unwrap().len();
        }
        count
    };
    assert_eq!(rounds(NOON).await, 1);
    let later = NOON + Duration::days(2);
    assert_eq!(rounds(later).await, 2, "200 at a time for each of the two limits are marked");
    assert!(live_of(world.sessions.db.read(), accounts[0], NOON).await.unwrap().is_empty());
    assert_eq!(rounds(later + Duration::days(29)).await, 1);
    assert_eq!(count().await, 450);
    assert_eq!(rounds(later + Duration::days(30)).await, 3, "200 at a time are removed");
    assert_eq!(count().await, 0);
}
