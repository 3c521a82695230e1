use doorward::base::keys::Purpose;
use doorward::domain::accounts;
use doorward::domain::administration::{self, BulkAction};
use doorward::domain::audit;
use doorward::domain::login::Verified;
use doorward::domain::sessions::NewSession;
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{
    self, Access, Actor, Audience, EndReason, Issued, Refreshed, Replaces,
};
use rocket::futures::future::join_all;
use sea_orm::ConnectionTrait;
use time::Duration;

use crate::{BROWSER, NOON, World, origin};

const LATER: Duration = Duration::minutes(11);

fn generation(issued: &Issued) -> i64 {
    RefreshToken::parse(&issued.refresh_token).unwrap().generation
}

#[tokio::test]
async fn the_newest_token_is_traded_for_the_next() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let second = world.refreshed(&first.refresh_token, NOON + LATER).await;
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_eq!(first.principal, second.principal);
    assert!(world.admits(&second, NOON + LATER).await);
}

#[tokio::test]
async fn a_parallel_tab_gets_the_same_successor_until_somebody_shows_it() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let now = NOON + LATER;
    let one = world.refreshed(&first.refresh_token, now).await;
    let other = world.refreshed(&first.refresh_token, now + Duration::seconds(59)).await;
    assert_eq!(one.refresh_token, other.refresh_token);
    assert!(world.admits(&one, now + Duration::seconds(59)).await, "its successor is shown");
    let late = world.refresh(&first.refresh_token, now + Duration::seconds(118)).await;
    let Refreshed::LetIn(principal) = late else { panic!("{late:?}") };
    assert_eq!(principal, first.principal);
}

#[tokio::test]
async fn fifty_tabs_at_once_rotate_once() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let tabs = (0..50).map(|_| world.refreshed(&first.refresh_token, NOON + LATER));
    let answers = join_all(tabs).await;
    assert!(answers.iter().all(|answer| answer.refresh_token == answers[0].refresh_token));
    assert_eq!(generation(&answers[0]), 1);
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again_hours_later() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    assert!(world.admits(&first, NOON).await);
    let lost = world.refreshed(&first.refresh_token, NOON + LATER).await;
    let now = NOON + Duration::hours(5);
    let again = world.refreshed(&first.refresh_token, now).await;
    assert_eq!(generation(&again), generation(&lost));
    assert_ne!(again.refresh_token, lost.refresh_token, "another hand-out has another mark");
    assert!(world.admits(&again, now).await);
    assert_eq!(world.over(&lost.refresh_token, now).await, EndReason::Reuse, "somebody had it");
}

#[tokio::test]
async fn an_access_token_of_a_hand_out_that_nobody_honest_has_ends_the_session() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let taken = world.refreshed(&first.refresh_token, NOON + LATER).await;
    let now = NOON + LATER + Duration::minutes(3);
    let again = world.refreshed(&first.refresh_token, now).await;
    assert!(world.admits(&again, now).await);
    assert!(!world.admits(&taken, now).await);
    assert_eq!(world.over(&again.refresh_token, now).await, EndReason::Reuse);
}

#[tokio::test]
async fn two_servers_that_saw_two_hand_outs_end_the_session_together() {
    let world = World::new().await;
    let other = world.restarted().await;
    let (_, first) = world.session("ada").await;
    let taken = world.refreshed(&first.refresh_token, NOON + LATER).await;
    let now = NOON + LATER + Duration::minutes(3);
    let again = world.refreshed(&first.refresh_token, now).await;
    assert!(world.admits(&again, now).await && other.admits(&taken, now).await);
    world.sessions.sync(now).await.unwrap();
    other.sessions.sync(now).await.unwrap();
    assert!(!other.admits(&taken, now).await);
    world.sessions.sync(now).await.unwrap();
    assert!(!world.admits(&again, now).await);
    assert_eq!(world.over(&again.refresh_token, now).await, EndReason::Reuse);
}

#[tokio::test]
async fn an_access_token_whose_epoch_is_over_is_renewed_without_a_rotation() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    assert!(world.admits(&first, NOON).await);
    let txn = world.sessions.db.begin().await.unwrap();
    let held = accounts::by_id_to_change(&txn, account.id).await.unwrap();
    let revoked = world.sessions.require_refresh(&txn, &held, "a test", NOON).await.unwrap();
    txn.commit().await.unwrap();
    world.sessions.make_known([account.id], revoked);
    let now = NOON + Duration::minutes(2);
    let Access::Outdated(claims) = world.verify(&first.access_token.0, now).await else { panic!() };
    let token = RefreshToken::parse(&first.refresh_token).unwrap();
    let (sessions, here) = (&world.sessions, origin("web"));
    let renewed = sessions.refresh(&token, Some(&claims), Audience::Web, &here, now).await.unwrap();
    let Refreshed::Issued(renewed) = renewed else { panic!("{renewed:?}") };
    assert_eq!(renewed.refresh_token, first.refresh_token);
    assert!(world.admits(&renewed, now).await);
}

#[tokio::test]
async fn an_outdated_access_token_of_another_session_renews_nothing() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let other = world.start(&account, NOON).await;
    world.revoke(&other.access_token.0).await;
    let Access::Outdated(claims) = world.verify(&other.access_token.0, NOON).await else {
        panic!()
    };
    assert!(world.admits(&first, NOON).await);
    let token = RefreshToken::parse(&first.refresh_token).unwrap();
    let (sessions, here) = (&world.sessions, origin("web"));
    let done = sessions.refresh(&token, Some(&claims), Audience::Web, &here, NOON).await.unwrap();
    let Refreshed::Issued(issued) = done else { panic!("{done:?}") };
    assert_eq!(generation(&issued), 1, "a rotation as any other");
}

#[tokio::test]
async fn tabs_that_ask_at_once_for_a_lost_answer_get_one_hand_out() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    assert!(world.admits(&first, NOON).await);
    world.refreshed(&first.refresh_token, NOON + LATER).await;
    let late = NOON + Duration::hours(1);
    let tabs = (0..12).map(|n| world.refreshed(&first.refresh_token, late + Duration::seconds(n)));
    let answers = join_all(tabs).await;
    assert!(answers.iter().all(|answer| answer.refresh_token == answers[0].refresh_token));
}

#[tokio::test]
async fn the_rows_of_the_first_protocol_go_on() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let token = RefreshToken::parse(&first.refresh_token).unwrap();
    let key = world.keys.ring().signing(Purpose::Refresh).clone();
    let row = "SELECT salt FROM sessions";
    let db = world.sessions.db.read();
    let query = sea_orm::Statement::from_string(db.get_database_backend(), row);
    let salt: Vec<u8> =
        db.query_one_raw(query).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    let mac = key.mac(&[b"rt1", token.sid.0.as_bytes(), b"0", &salt]);
    let encoded = doorward::base::secrets::encode(&mac);
    let old = format!("v1.{}.0.{encoded}", token.sid);
    let second = world.refreshed(&old, NOON + LATER).await;
    assert_eq!(generation(&second), 1);
    let again = world.refreshed(&old, NOON + LATER).await;
    assert_eq!(second.refresh_token, again.refresh_token, "a parallel tab");
    assert!(world.admits(&again, NOON + LATER).await);
    let late = NOON + LATER + Duration::minutes(2);
    assert_eq!(world.over(&old, late).await, EndReason::Reuse);
}

#[tokio::test]
async fn a_token_used_again_after_its_successor_ends_that_session_only() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let elsewhere = world.start(&account, NOON).await;
    let (_, bob) = world.session("bob").await;
    let now = NOON + LATER;
    let second = world.refreshed(&first.refresh_token, now).await;
    assert!(world.admits(&second, now).await);
    let now = now + Duration::seconds(60);
    assert_eq!(world.over(&first.refresh_token, now).await, EndReason::Reuse);
    assert_eq!(world.over(&second.refresh_token, now).await, EndReason::Reuse);
    assert!(!world.admits(&second, now).await, "on the very next request");
    assert!(matches!(world.refresh(&elsewhere.refresh_token, now).await, Refreshed::Issued(_)));
    assert!(matches!(world.refresh(&bob.refresh_token, now).await, Refreshed::Issued(_)));
    let told =
        audit::about(world.sessions.db.read(), account.id.0, i64::MAX, 1).await.unwrap().remove(0);
    assert_eq!(told.event, "refresh.reuse");
    let from = &told.detail.clone().into_data().unwrap()["last_used_from"];
    assert!(told.address == "refresh" && from == "login", "both addresses: {told:?}");
}

#[tokio::test]
async fn a_grandparent_is_reuse_even_at_once() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let second = world.refreshed(&first.refresh_token, NOON + LATER).await;
    world.refreshed(&second.refresh_token, NOON + LATER).await;
    assert_eq!(world.over(&first.refresh_token, NOON + LATER).await, EndReason::Reuse);
}

#[tokio::test]
async fn a_token_newer_than_the_database_ends_politely() {
    if shared::databases::postgres().is_some() {
        return; // A file is quickly put back; there it would be a dump.
    }
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let older = world.folder.path().join("older.db");
    let query = format!("VACUUM INTO '{}'", older.display());
    world.sessions.db.write().execute_unprepared(&query).await.unwrap();
    let second = world.refreshed(&first.refresh_token, NOON + LATER).await;
    world.sessions.db.clone().close().await;
    std::fs::rename(&older, world.database_file()).unwrap();
    let restored = world.restarted().await;
    assert_eq!(restored.over(&second.refresh_token, NOON + LATER).await, EndReason::Restored);
    let told = audit::about(restored.sessions.db.read(), account.id.0, i64::MAX, 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(told.event, "refresh.restored", "no alarm");
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_as_if_there_were_none() {
    let world = World::new().await;
    let (_, ada) = world.session("ada").await;
    let (_, bob) = world.session("bob").await;
    let mac_of_bob = bob.refresh_token.rsplit_once('.').unwrap().1;
    let sid_of_ada = ada.refresh_token.rsplit_once('.').unwrap().0;
    let forged = format!("{sid_of_ada}.{mac_of_bob}");
    assert!(matches!(world.refresh(&forged, NOON).await, Refreshed::Unknown));
    let unknown =
        ada.refresh_token.replacen(&ada.principal.session.to_string(), "AAAAAAAAAAAAAAAAAAAAAA", 1);
    assert!(matches!(world.refresh(&unknown, NOON).await, Refreshed::Unknown));
    let token = RefreshToken::parse(&ada.refresh_token).unwrap();
    let as_script =
        world.sessions.refresh(&token, None, Audience::Api, &origin("x"), NOON).await.unwrap();
    assert!(matches!(as_script, Refreshed::Unknown), "a browser's token is no script's");
    assert!(matches!(world.refresh(&ada.refresh_token, NOON).await, Refreshed::Issued(_)));
}

#[test]
fn only_the_two_forms_are_tokens() {
    let mac = "A".repeat(43);
    let sid = "A".repeat(22);
    let old = format!("v1.{sid}.0.{mac}");
    let good = format!("v2.{sid}.0.1767268800000.{mac}");
    for good in [&old, &good] {
        assert_eq!(RefreshToken::parse(good).unwrap().to_string(), *good);
    }
    for bad in [
        "",
        "v1",
        "v1...",
        "v2....",
        &old.replace("v1", "v2"),
        &good.replace("v2", "v1"),
        &good.replace("v2", "v3"),
        &good.replace(".0.", ".00."),
        &good.replace(".0.", ".-1."),
        &good.replace(".0.", ".+1."),
        &good.replace(".0.", ".."),
        &good.replace(".0.", ".9999999999999999999."),
        &good.replace(".1767", ".01767"),
        &good.replace(".1767", ".-1767"),
        &good.replace(".1767268800000.", ".."),
        &format!("{good}."),
        &format!("{good}="),
        &good[..good.len() - 1],
        &format!(" {good}"),
    ] {
        assert!(RefreshToken::parse(bad).is_none(), "{bad}");
    }
}

#[tokio::test]
async fn a_session_ends_when_unused_and_when_old_and_says_which() {
    let world = World::new().await;
    let (account, idle) = world.session("ada").await;
    assert_eq!(world.over(&idle.refresh_token, NOON + Duration::hours(12)).await, EndReason::Idle);
    let mut old = world.start(&account, NOON).await;
    for hours in [7, 14, 21] {
        old = world.refreshed(&old.refresh_token, NOON + Duration::hours(hours)).await;
    }
    let end = NOON + Duration::hours(24);
    assert_eq!(world.over(&old.refresh_token, end).await, EndReason::Absolute);
    assert_eq!(
        world.over(&old.refresh_token, end).await,
        EndReason::Absolute,
        "and keeps saying so"
    );
}

#[tokio::test]
async fn use_between_two_rotations_counts_as_use() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    assert!(world.admits(&first, NOON + Duration::minutes(9)).await);
    world.sessions.sync(NOON).await.unwrap();
    let late = NOON + Duration::hours(12) + Duration::minutes(8);
    assert!(matches!(world.refresh(&first.refresh_token, late).await, Refreshed::Issued(_)));
}

#[tokio::test]
async fn an_access_token_never_outlives_its_session() {
    let world = World::new().await;
    let (_, mut token) = world.session("ada").await;
    for minutes in [11 * 60, 22 * 60, 24 * 60 - 4] {
        token = world.refreshed(&token.refresh_token, NOON + Duration::minutes(minutes)).await;
    }
    assert_eq!(token.access_token.1, Duration::minutes(4));
}

#[tokio::test]
async fn a_disabled_account_cannot_refresh_and_is_told_why() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let origin = origin("cli");
    let actor = Actor::operator(&origin);
    administration::apply(&world.sessions, BulkAction::Disable, &[account.id], actor, NOON)
        .await
        .unwrap();
    assert!(!world.admits(&first, NOON).await);
    assert_eq!(world.over(&first.refresh_token, NOON).await, EndReason::Disabled);
}

#[tokio::test]
async fn the_place_unused_longest_gives_way_when_there_are_too_many() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let mut others = Vec::new();
    for minute in 1..=5 {
        others.push(world.start(&account, NOON + Duration::minutes(minute)).await);
    }
    let now = NOON + Duration::minutes(6);
    assert_eq!(world.over(&first.refresh_token, now).await, EndReason::Evicted);
    assert!(!world.admits(&first, now).await);
    let live = sessions::live_of(world.sessions.db.read(), account.id, now).await.unwrap();
    assert_eq!(live.len(), 5);
}

#[tokio::test]
async fn signing_in_anew_in_a_browser_takes_no_place_from_another() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let mut others = vec![];
    for minute in 1..=4 {
        others.push(world.start(&account, NOON + Duration::minutes(minute)).await);
    }
    let (now, here) = (NOON + Duration::minutes(6), origin("web"));
    let same = Some(others[3].principal.session);
    let new = NewSession { replaces: same.map(Replaces::Present), ..BROWSER };
    let anew = world
        .sessions
        .start(&Verified::by_password(account.clone(), now), new, &here, now)
        .await
        .unwrap();
    assert!(world.admits(&first, now).await && world.admits(&anew, now).await);
    assert_eq!(world.over(&others[3].refresh_token, now).await, EndReason::Replaced);
}

#[tokio::test]
async fn a_rotated_key_signs_nobody_out() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    for purpose in [Purpose::Access, Purpose::Refresh] {
        world.keys.change(|ring| Ok(ring.rotate(purpose, Duration::days(30), NOON))).unwrap();
    }
    assert!(world.admits(&first, NOON).await);
    let second = world.refreshed(&first.refresh_token, NOON + LATER).await;
    assert!(world.admits(&second, NOON + LATER).await);
}

#[tokio::test]
async fn a_revoked_refresh_key_ends_the_sessions_that_rest_on_it_and_says_so() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let kid = world.keys.ring().signing(Purpose::Refresh).kid.clone();
    let life = Duration::days(30);
    world.keys.change(|ring| Ok(ring.rotate(Purpose::Refresh, life, NOON))).unwrap();
    let safe = world.start(&account, NOON).await;
    world.keys.change(|ring| ring.revoke(&kid, NOON)).unwrap();
    assert_eq!(world.sessions.end_of_key(&kid, NOON).await.unwrap(), 1);
    assert!(!world.admits(&first, NOON).await);
    assert_eq!(world.over(&first.refresh_token, NOON).await, EndReason::KeyRevoked);
    let safe = world.refreshed(&safe.refresh_token, NOON).await;
    assert!(world.admits(&safe, NOON).await);
}
