//! On PostgreSQL nobody waits in a circle: what ends many sessions at once, and
//! what is written about them in passing, do not stop one another.

use std::time::Duration as RealDuration;

use doorward::base::keys::Purpose;
use doorward::domain::passwords::policy::Password;
use rocket::futures::future::join3;
use sea_orm::ConnectionTrait;
use shared::databases::needed_postgres;
use tokio::time::sleep;

use crate::{NOON, World, origin};

/// Changes Ada's password while somebody else holds one of her sessions: the
/// change holds those before it and waits. Then `other` begins, and only after
/// that the change goes on.
async fn change_around(
    world: &World,
    held: &str,
    other: impl Future<Output = doorward::base::error::Result<()>>,
) {
    let ada = doorward::domain::accounts::names::LoginName::parse("ada");
    let ada =
        doorward::domain::accounts::by_login_name(world.sessions.db.read(), &ada).await.unwrap();
    let blocker = world.sessions.db.begin().await.unwrap();
    blocker.execute_unprepared(held).await.unwrap();
    let (credentials, here) = (world.credentials(), origin("cli"));
    let new = Password::parse("a lantern in the harbour").unwrap();
    let moment = RealDuration::from_millis(400);
    let changed = credentials.set_password(&ada, &new, &here, NOON);
    let other = async {
        sleep(moment).await;
        other.await
    };
    let release = async {
        sleep(2 * moment).await;
        blocker.rollback().await.unwrap();
    };
    let (changed, other, ()) = join3(changed, other, release).await;
    changed.expect("the password is changed");
    other.expect("so is the other thing done");
}

#[tokio::test]
async fn a_password_change_and_the_revocation_of_a_key_do_not_stop_each_other() {
    if needed_postgres().is_none() {
        return;
    }
    let world = World::new().await;
    let (ada, _) = world.session("ada").await;
    world.start(&ada, NOON).await;
    let kid = world.keys.ring().signing(Purpose::Refresh).kid.clone();
    let revoked = async { world.sessions.end_of_key(&kid, NOON).await.map(drop) };
    let held = "SELECT 1 FROM sessions ORDER BY ctid OFFSET 1 FOR UPDATE";
    change_around(&world, held, revoked).await;
}

#[tokio::test]
async fn what_was_seen_of_sessions_is_written_without_waiting_for_those_who_end_them() {
    if needed_postgres().is_none() {
        return;
    }
    let world = World::new().await;
    let (ada, first) = world.session("ada").await;
    world.start(&ada, NOON).await;
    let third = world.start(&ada, NOON).await;
    assert!(world.admits(&third, NOON).await && world.admits(&first, NOON).await);
    let tended = async { world.sessions.sync(NOON).await };
    let held = "SELECT 1 FROM sessions ORDER BY ctid OFFSET 1 LIMIT 1 FOR UPDATE";
    change_around(&world, held, tended).await;
}
