//! The audit log: nothing in it changes unnoticed.

use doorward::base::store::Db;
use doorward::domain::audit::chain::{self, Break};
use doorward::domain::audit::{self, Entry};
use doorward::domain::{accounts, sessions};
use sea_orm::ConnectionTrait;
use shared::databases::{needed_postgres, postgres};
use time::Duration;
use uuid::Uuid;

use crate::{NOON, World, origin};

/// A log of so many sealed events.
async fn with_events(count: usize) -> World {
    let world = World::new().await;
    for _ in 0..count {
        tell(&world.sessions.db).await;
    }
    chain::seal(&world.sessions.db, NOON).await.unwrap();
    world
}

async fn tell(db: &Db) -> i64 {
    let here = origin("web");
    let told = Entry::by_owner(sessions::events::LOGGED_IN, Uuid::nil(), &here);
    audit::record(db.write(), told, NOON).await.unwrap()
}

async fn run(world: &World, sql: &str) -> Result<(), String> {
    let done = world.sessions.db.write().execute_unprepared(sql).await;
    done.map(|_| ()).map_err(|error| error.to_string())
}

/// What somebody does who may do anything with the database.
async fn tamper(world: &World, sql: &str) {
    for trigger in
        ["audit_events_stay", "audit_events_remain", "audit_seals_stay", "audit_seals_remain"]
    {
        let table = if trigger.contains("events") { "audit_events" } else { "audit_seals" };
        let on = if postgres().is_some() { format!(" ON {table}") } else { String::new() };
        run(world, &format!("DROP TRIGGER IF EXISTS {trigger}{on}")).await.unwrap();
    }
    run(world, sql).await.unwrap();
}

async fn breaks(world: &World) -> Vec<Break> {
    chain::verify(world.sessions.db.read()).await.unwrap().breaks
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_whole() {
    let world = with_events(2500).await;
    let verified = chain::verify(world.sessions.db.read()).await.unwrap();
    assert_eq!((verified.whole, verified.position), (2500, 2500));
    assert!(verified.breaks.is_empty() && !verified.head.is_empty());
    assert_eq!(chain::seal(&world.sessions.db, NOON).await.unwrap(), 0, "sealed once");
}

#[tokio::test]
async fn a_changed_event_is_named() {
    for column in [
        "at = at + 1",
        "event = 'x'",
        "actor = NULL",
        "target = NULL",
        "session = 'x'",
        "address = 'x'",
        "user_agent = 'x'",
        "detail = 'x'",
        "reason = 'x'",
    ] {
        let world = with_events(5).await;
        tamper(&world, &format!("UPDATE audit_events SET {column} WHERE id = 3")).await;
        assert_eq!(breaks(&world).await, [Break::Changed(3)], "{column}");
    }
}

#[tokio::test]
async fn a_missing_event_is_named_also_with_its_seal() {
    let world = with_events(5).await;
    tamper(&world, "DELETE FROM audit_events WHERE id = 3").await;
    assert_eq!(breaks(&world).await, [Break::Missing(3)]);
    tamper(&world, "DELETE FROM audit_seals WHERE event_id = 3").await;
    assert_eq!(breaks(&world).await, [Break::SealMissing(3)]);
}

#[tokio::test]
async fn a_slipped_in_event_is_named_also_with_a_seal_of_its_own() {
    let world = with_events(5).await;
    tamper(&world, "DELETE FROM audit_events WHERE id = 3").await;
    let copy = "INSERT INTO audit_events SELECT 3, at, event, actor, target, session, address, user_agent, 'new', reason FROM audit_events WHERE id = 4";
    tamper(&world, copy).await;
    assert_eq!(breaks(&world).await, [Break::Changed(3)]);
    let world = with_events(5).await;
    tamper(&world, "INSERT INTO audit_events SELECT -7000, at, event, actor, target, session, address, user_agent, detail, reason FROM audit_events WHERE id = 4").await;
    assert_eq!(breaks(&world).await, [Break::Inserted(-7000)]);
    tamper(&world, "INSERT INTO audit_seals VALUES (6, -7000, '', 0)").await;
    assert_eq!(breaks(&world).await, [Break::Changed(-7000)]);
}

#[tokio::test]
async fn whoever_seals_everything_anew_has_another_head() {
    let world = with_events(5).await;
    let before = chain::verify(world.sessions.db.read()).await.unwrap().head;
    tamper(&world, "UPDATE audit_events SET detail = 'x' WHERE id = 3").await;
    tamper(&world, "DELETE FROM audit_seals").await;
    chain::seal(&world.sessions.db, NOON).await.unwrap();
    let after = chain::verify(world.sessions.db.read()).await.unwrap();
    assert!(after.breaks.is_empty(), "it is a chain");
    assert_ne!(after.head, before, "but not the one whose head was kept elsewhere");
}

#[tokio::test]
async fn the_application_itself_can_neither_change_nor_remove() {
    let world = with_events(5).await;
    for sql in [
        "UPDATE audit_events SET detail = 'x' WHERE id = 3",
        "UPDATE audit_seals SET hash = ''",
        "DELETE FROM audit_events WHERE id = 3",
        "DELETE FROM audit_events",
        "DELETE FROM audit_seals WHERE position = 5",
        "DELETE FROM audit_seals",
    ] {
        let refused = run(&world, sql).await;
        assert!(
            refused.as_ref().is_err_and(|why| why.contains("append-only")),
            "{sql}: {refused:?}"
        );
    }
    assert!(breaks(&world).await.is_empty());
}

#[tokio::test]
async fn the_chain_survives_pruning_and_what_remains_is_still_held() {
    let world = with_events(1500).await;
    let db = &world.sessions.db;
    let later = NOON + Duration::days(200);
    assert_eq!(chain::prune(db, NOON).await.unwrap(), 0, "not old enough");
    assert_eq!(audit::began_at(db.read()).await.unwrap(), Some(NOON));
    let here = origin("web");
    for _ in 0..3 {
        let told = Entry::by_owner(sessions::events::LOGGED_OUT, Uuid::nil(), &here);
        audit::record(db.write(), told, later).await.unwrap();
    }
    chain::seal(db, later).await.unwrap();
    let mut gone = 0;
    for _ in 0..3 {
        gone += chain::prune(db, later - Duration::days(1)).await.unwrap();
    }
    assert_eq!(gone, 1500);
    assert_eq!(audit::began_at(db.read()).await.unwrap(), None, "the beginning is gone");
    let verified = chain::verify(db.read()).await.unwrap();
    assert_eq!((verified.whole, verified.position), (3, 1503));
    assert!(verified.breaks.is_empty(), "{:?}", verified.breaks);
    tamper(&world, "UPDATE audit_events SET detail = 'x' WHERE id = 1501").await;
    assert_eq!(breaks(&world).await, [Break::Changed(1501)], "the first after the cut, too");
    tamper(&world, "DELETE FROM audit_seals WHERE position = 1500").await;
    assert!(breaks(&world).await.contains(&Break::SealMissing(1500)), "what the chain hangs on");
}

#[tokio::test]
async fn two_that_seal_at_once_make_one_chain() {
    let world = World::new().await;
    let other = world.restarted().await;
    for _ in 0..40 {
        tell(&world.sessions.db).await;
        tell(&other.sessions.db).await;
        let both = [&world, &other].map(|one| chain::seal(&one.sessions.db, NOON));
        for sealed in rocket::futures::future::join_all(both).await {
            sealed.unwrap();
        }
    }
    let verified = chain::verify(world.sessions.db.read()).await.unwrap();
    assert_eq!(verified.whole, 80);
    assert!(verified.breaks.is_empty(), "{:?}", verified.breaks);
}

#[tokio::test]
async fn an_event_that_is_committed_after_any_number_of_later_ones_is_sealed() {
    if needed_postgres().is_none() {
        return; // SQLite commits in the order of the numbers.
    }
    let world = World::new().await;
    let db = &world.sessions.db;
    tell(db).await;
    let paused = db.begin().await.unwrap();
    let here = origin("web");
    let told = Entry::by_owner(sessions::events::LOGGED_OUT, Uuid::nil(), &here);
    let late = audit::record(&paused, told, NOON).await.unwrap();
    let later = "INSERT INTO audit_events (at, event, session, address, user_agent, detail, reason) SELECT at, event, session, address, user_agent, detail, reason FROM audit_events, generate_series(1, 2500) LIMIT 2500";
    run(&world, later).await.unwrap();
    for _ in 0..4 {
        chain::seal(db, NOON).await.unwrap();
    }
    assert!(breaks(&world).await.is_empty());
    paused.commit().await.unwrap();
    assert!(breaks(&world).await.is_empty(), "not sealed yet, but not slipped in");
    assert_eq!(chain::seal(db, NOON).await.unwrap(), 1);
    let verified = chain::verify(db.read()).await.unwrap();
    assert_eq!((verified.whole, verified.breaks), (2502, vec![]));
    // Once it is settled, nothing can be inserted there.
    for _ in 0..3 {
        chain::seal(db, NOON).await.unwrap();
    }
    tamper(&world, &format!("DELETE FROM audit_seals WHERE event_id = {late}")).await;
    assert!(breaks(&world).await.contains(&Break::Inserted(late)));
}

#[tokio::test]
async fn a_server_that_stands_still_while_it_seals_stops_nobody() {
    if needed_postgres().is_none() {
        return;
    }
    let world = with_events(5).await;
    let db = &world.sessions.db;
    let paused = db.begin().await.unwrap();
    paused.execute_unprepared("SELECT pg_advisory_xact_lock(7236418)").await.unwrap();
    tell(db).await;
    let soon = std::time::Duration::from_secs(3);
    let sealed = tokio::time::timeout(soon, chain::seal(db, NOON)).await;
    assert_eq!(sealed.expect("nobody waits").unwrap(), 0);
    paused.rollback().await.unwrap();
    assert_eq!(chain::seal(db, NOON).await.unwrap(), 1);
}

#[tokio::test]
async fn figures_are_counted_from_what_is_sealed_and_once() {
    use doorward::domain::statistics::{self, Step};
    let world = with_events(7).await;
    chain::seal(&world.sessions.db, NOON).await.unwrap();
    let figures =
        statistics::since(world.sessions.db.read(), Step::Hour, NOON.hour()).await.unwrap();
    assert_eq!(figures[sessions::events::LOGGED_IN.name()][&NOON.hour()], 7);
}

#[tokio::test]
async fn what_somebody_typed_as_a_name_is_nowhere_in_the_log() {
    use doorward::domain::accounts::names::LoginName;
    use doorward::domain::passwords::policy::Password;
    let world = World::new().await;
    let typed = "my password by mistake";
    let (name, password) = (LoginName::parse(typed), Password::parse("something else").unwrap());
    let here = origin("web");
    let db = &world.sessions.db;
    let refused = world.passwords().authenticate(&name, &password, None, &here, NOON).await;
    assert!(refused.is_err());
    let rows = audit::list(db.read(), &audit::Filter::default(), i64::MAX, 10).await.unwrap();
    assert_eq!(rows[0].event, accounts::events::LOGIN_FAILED.name());
    assert!(!format!("{rows:?}").contains("mistake"), "{rows:?}");
}

#[tokio::test]
async fn events_that_were_removed_before_their_time_show_against_a_seal_kept_elsewhere() {
    let world = with_events(9).await;
    let db = world.sessions.db.read();
    let kept = chain::seal_at(db, 3).await.unwrap();
    assert!(kept.is_some());
    // Even the triggers let it pass: it looks as if they had been too old.
    for sql in [
        "INSERT INTO service (name, value) VALUES ('audit_pruned', 6)",
        "DELETE FROM audit_events WHERE id <= 6",
        "DELETE FROM audit_seals WHERE position < 6",
    ] {
        run(&world, sql).await.unwrap();
    }
    assert!(breaks(&world).await.is_empty(), "the rest is a chain");
    assert_ne!(chain::seal_at(db, 3).await.unwrap(), kept);
}
