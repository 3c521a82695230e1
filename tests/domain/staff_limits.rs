//! The limits of staff bind what staff may do, and not the session.

use doorward::base::error::{Denied, Error};
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::{Permission, Roles};
use doorward::domain::administration::{self, Change};
use doorward::domain::sessions::{self, Actor, Issued, Refreshed, Renewal, SessionId};
use time::Duration;

use crate::{NOON, World, origin};

/// 30 minutes and 12 hours, as in the settings of these tests.
const IDLE: Duration = Duration::minutes(30);
const LONGEST: Duration = Duration::hours(12);

async fn opens(world: &World, sid: SessionId, minutes: i64) -> bool {
    let session = sessions::by_id(world.sessions.db.read(), sid).await.unwrap();
    let now = NOON + Duration::minutes(minutes);
    assert!(session.is_live(now), "it is a member's session all the same");
    session.opens_staff_pages(LONGEST, now)
}

/// Refreshed after so many minutes, if it still can be.
async fn used(world: &World, token: &Issued, minutes: i64) -> Issued {
    let now = NOON + Duration::minutes(minutes);
    match world.refresh(&token.refresh_token, now).await {
        Refreshed::Issued(issued) => *issued,
        other => panic!("{other:?}"),
    }
}

async fn chief(world: &World) -> Issued {
    let chief = world.account("chief", Roles::admin()).await;
    world.start(&chief, NOON).await
}

#[tokio::test]
async fn a_session_of_staff_that_was_unused_goes_on_as_a_members() {
    let world = World::new().await;
    let token = chief(&world).await;
    let sid = token.principal.session;
    assert!(opens(&world, sid, 29).await);
    assert!(!opens(&world, sid, 30).await, "unused for half an hour");
    let token = used(&world, &token, 31).await;
    assert!(!opens(&world, sid, 31).await, "use alone does not open it again");
    used(&world, &token, 45).await;
    assert!(!opens(&world, sid, 45).await);
}

#[tokio::test]
async fn use_keeps_staff_pages_open_until_the_password_is_too_old() {
    let world = World::new().await;
    let mut token = chief(&world).await;
    let sid = token.principal.session;
    for minutes in (25..12 * 60).step_by(25) {
        token = used(&world, &token, minutes).await;
        assert!(opens(&world, sid, minutes).await, "{minutes} minutes");
    }
    let last = 11 * 60 + 55;
    token = used(&world, &token, last).await;
    assert!(opens(&world, sid, last).await && opens(&world, sid, 12 * 60 - 1).await);
    assert!(!opens(&world, sid, 12 * 60).await, "twelve hours after the password was given");
    used(&world, &token, 12 * 60 + 1).await;
}

#[tokio::test]
async fn pages_looked_at_between_two_refreshes_keep_staff_pages_open() {
    let world = World::new().await;
    let token = chief(&world).await;
    let sid = token.principal.session;
    assert!(world.admits(&token, NOON + Duration::minutes(9)).await);
    world.sessions.sync(NOON + Duration::minutes(9)).await.unwrap();
    assert!(opens(&world, sid, 38).await);
    assert!(!opens(&world, sid, 39).await);
}

#[tokio::test]
async fn what_is_closed_does_not_open_by_activity_that_is_written_late() {
    let world = World::new().await;
    let mut token = chief(&world).await;
    let sid = token.principal.session;
    token = used(&world, &token, 40).await;
    assert!(world.admits(&token, NOON + Duration::minutes(41)).await);
    world.sessions.sync(NOON + Duration::minutes(41)).await.unwrap();
    assert!(!opens(&world, sid, 41).await);
}

#[tokio::test]
async fn only_the_password_opens_staff_pages_again() {
    let world = World::new().await;
    let token = chief(&world).await;
    let now = NOON + Duration::hours(2);
    let renewed = async |sid: SessionId, why: Renewal| {
        let txn = world.sessions.db.begin().await.unwrap();
        let account = token.principal.account;
        let (renewed, revoked) = world.sessions.renew(&txn, account, sid, why, now).await.unwrap();
        txn.commit().await.unwrap();
        world.sessions.make_known([account], revoked);
        renewed.sid()
    };
    let others_ended = renewed(token.principal.session, Renewal::OthersEnded).await;
    assert!(!opens(&world, others_ended, 120).await);
    let given = renewed(others_ended, Renewal::PasswordGiven).await;
    assert!(opens(&world, given, 120).await);
    let after = sessions::by_id(world.sessions.db.read(), given).await.unwrap();
    assert!(!after.opens_staff_pages(LONGEST, now + IDLE));
}

#[tokio::test]
async fn a_long_answer_stops_when_staff_pages_close() {
    let world = World::new().await;
    let token = chief(&world).await;
    let may = async |minutes: i64| {
        let (who, demanded) = (&token.principal, Some(Permission::ReadAudit));
        world.sessions.still_may(who, demanded, NOON + Duration::minutes(minutes)).await
    };
    may(29).await.unwrap();
    assert!(matches!(may(30).await, Err(Error::Denied(Denied::NotRecent))));
    let own = world.sessions.still_may(&token.principal, None, NOON + Duration::minutes(30)).await;
    own.unwrap();
}

#[tokio::test]
async fn a_right_that_was_given_later_than_the_password_waits_for_it() {
    let world = World::new().await;
    let account = world.account("helper", Roles::default()).await;
    let token = world.start(&account, NOON).await;
    let (cli, here) = (origin("cli"), origin("web"));
    for (role, millis, may) in [("support", 0, true), ("admin", 1, false)] {
        let roles = Roles::of([RoleName::parse(role).unwrap()]);
        let (change, now) =
            (Change { shown: None, roles: &roles }, NOON + Duration::milliseconds(millis));
        let operator = Actor::operator(&cli);
        administration::set_roles(&world.sessions, account.id, change, operator, now)
            .await
            .unwrap();
        let actor = Actor::signed_in(&token.principal, &here, "");
        let act = world.sessions.begin_act(actor, Some(Permission::Look), &[], now).await;
        match act {
            Ok(_) => assert!(may, "{role}"),
            Err(why) => assert!(!may && matches!(why, Error::Denied(Denied::NotRecent)), "{why}"),
        }
    }
}
