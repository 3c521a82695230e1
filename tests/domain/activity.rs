//! When each session was last active: noted in memory, written in batches.

use doorward::domain::sessions::by_id;
use sea_orm::ConnectionTrait;
use time::Duration;

use crate::{NOON, World};

#[tokio::test]
async fn that_a_session_is_in_use_is_written_twice_a_minute_and_forgotten_with_time() {
    let world = World::new().await;
    let (_, issued) = world.session("ada").await;
    let sid = issued.principal.session;
    let seen = async |now| {
        assert!(world.admits(&issued, now).await);
        world.sessions.sync(now).await.unwrap();
        let session = by_id(world.sessions.db.read(), sid).await.unwrap();
        session.last_seen_at.since(NOON).whole_seconds()
    };
    assert_eq!(seen(NOON).await, 0);
    assert_eq!(seen(NOON + Duration::seconds(20)).await, 0);
    assert_eq!(seen(NOON + Duration::seconds(30)).await, 30);
    let last = NOON + Duration::seconds(30);
    assert_eq!(world.sessions.last_accepted(sid), Some(last));
    // Also where somebody always has just been seen.
    let (_, other) = world.session("bob").await;
    assert!(world.admits(&other, last).await);
    world.sessions.purge_expired(last + Duration::minutes(14)).await.unwrap();
    assert_eq!(world.sessions.last_accepted(sid), Some(last));
    world.sessions.purge_expired(last + Duration::days(1)).await.unwrap();
    assert_eq!(world.sessions.last_accepted(sid), None);
}

#[tokio::test]
async fn what_could_not_be_written_about_activity_is_written_the_next_time() {
    let world = World::new().await;
    let (_, issued) = world.session("ada").await;
    let db = world.sessions.db.write();
    let now = NOON + Duration::seconds(40);
    assert!(world.admits(&issued, now).await);
    db.execute_unprepared("ALTER TABLE sessions RENAME TO hidden").await.unwrap();
    assert!(world.sessions.sync(now).await.is_err());
    db.execute_unprepared("ALTER TABLE hidden RENAME TO sessions").await.unwrap();
    world.sessions.sync(now).await.unwrap();
    let session = by_id(world.sessions.db.read(), issued.principal.session).await.unwrap();
    assert_eq!(session.last_seen_at, now);
}
