use doorward::base::error::{Denied, Error};
use doorward::domain::administration::{self, BulkAction};
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{
    self, Access, Actor, Audience, EndReason, Issued, Principal, Refreshed,
};
use sea_orm::ConnectionTrait;
use time::Duration;

use crate::{NOON, World, origin};

#[tokio::test]
async fn one_revoked_token_is_refused_at_once_and_its_session_goes_on() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    world.revoke(&first.access_token.0).await;
    assert!(!world.admits(&first, NOON).await);
    let second = world.refreshed(&first.refresh_token, NOON).await;
    assert!(world.admits(&second, NOON).await);
}

#[tokio::test]
async fn whether_a_named_session_was_over_already_is_told() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let named = world.sessions.named(&first.refresh_token, NOON).unwrap();
    let cli = origin("cli");
    for ends in [true, false] {
        let told = world.sessions.revoke_named(named, Actor::operator(&cli), NOON).await;
        assert_eq!(told.unwrap(), ends);
    }
}

#[tokio::test]
async fn one_ended_session_is_refused_at_once_and_no_other() {
    let world = World::new().await;
    let (account, this) = world.session("ada").await;
    let that = world.start(&account, NOON).await;
    let sid = that.principal.session;
    let here = origin("web");
    let actor = Actor::signed_in(&this.principal, &here, "");
    world.sessions.end_own(sid, actor, NOON).await.unwrap();
    assert!(!world.admits(&that, NOON).await);
    assert_eq!(world.over(&that.refresh_token, NOON).await, EndReason::EndedElsewhere);
    assert!(world.admits(&this, NOON).await);
}

#[tokio::test]
async fn a_list_that_another_database_may_have_replaced_is_read_from_its_first_row() {
    let world = World::new().await;
    let (_, ada) = world.session("ada").await;
    let (_, bob) = world.session("bob").await;
    let Principal { account, session, .. } = ada.principal;
    world.sessions.log_out(account, session, &origin("web"), NOON).await.unwrap();
    let other = world.restarted().await;
    // The same number, and another session.
    let replace =
        "UPDATE revocations SET subject = (SELECT sid FROM sessions WHERE ended_at IS NULL)";
    world.sessions.db.write().execute_unprepared(replace).await.unwrap();
    other.sessions.sync(NOON).await.unwrap();
    assert!(other.admits(&bob, NOON).await, "what was read is not read again");
    other.sessions.index.reread();
    // Also when that fails at first.
    let rename = async |from: &str, to: &str| {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        world.sessions.db.write().execute_unprepared(&rename).await.unwrap();
    };
    rename("revocations", "elsewhere").await;
    other.sessions.sync(NOON).await.unwrap_err();
    rename("elsewhere", "revocations").await;
    other.sessions.sync(NOON).await.unwrap();
    assert!(!other.admits(&bob, NOON).await);
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let world = World::new().await;
    let (_, ada) = world.session("ada").await;
    let (_, bob) = world.session("bob").await;
    let sid = ada.principal.session;
    let here = origin("web");
    let actor = Actor::signed_in(&bob.principal, &here, "");
    assert!(world.sessions.end_own(sid, actor, NOON).await.is_err());
    assert!(world.admits(&ada, NOON).await);
}

#[tokio::test]
async fn all_others_are_refused_at_once_and_this_one_goes_on_under_a_new_name() {
    let world = World::new().await;
    let (account, this) = world.session("ada").await;
    let that = world.start(&account, NOON).await;
    let keep = this.principal.session;
    let now = NOON + Duration::seconds(1);
    let here = origin("web");
    let actor = Actor::signed_in(&this.principal, &here, "");
    // Without a refresh token of this very session nothing is handed out.
    let of = |issued: &Issued| RefreshToken::parse(&issued.refresh_token);
    for shown in [None, of(&that)] {
        let denied = world.sessions.end_others(keep, shown.as_ref(), actor, now).await;
        assert!(matches!(denied, Err(Error::Denied(Denied::NotRecent))), "{denied:?}");
        assert!(world.admits(&that, now).await);
    }
    let shown = of(&this);
    // Nor once a copy could be told from its original.
    let late = NOON + Duration::minutes(2);
    let denied = world.sessions.end_others(keep, shown.as_ref(), actor, late).await;
    assert!(matches!(denied, Err(Error::Denied(Denied::NotRecent))), "{denied:?}");
    let renewed = world.sessions.end_others(keep, shown.as_ref(), actor, now).await.unwrap();
    assert!(!world.admits(&that, now).await);
    assert!(matches!(world.refresh(&that.refresh_token, now).await, Refreshed::Ended(_)));
    assert!(world.admits(&renewed, now).await);
    assert_ne!(renewed.principal.session, keep);
    assert_eq!(renewed.principal.auth, this.principal.auth, "nobody gave a password");
    assert!(!world.admits(&this, now).await, "and a copy of this one with them");
    assert!(matches!(world.refresh(&this.refresh_token, now).await, Refreshed::Renewed(_)));
}

#[tokio::test]
async fn an_epoch_moves_on_even_when_the_clock_was_set_back() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let back = NOON - Duration::hours(1);
    let origin = origin("cli");
    let actor = Actor::operator(&origin);
    administration::apply(&world.sessions, BulkAction::EndSessions, &[account.id], actor, back)
        .await
        .unwrap();
    assert!(!world.admits(&first, NOON).await);
}

#[tokio::test]
async fn another_process_learns_of_it_and_so_does_a_restarted_one() {
    let world = World::new().await;
    let other = world.restarted().await;
    let (account, first) = world.session("ada").await;
    let second = world.start(&account, NOON).await;
    assert!(other.admits(&first, NOON).await && other.admits(&second, NOON).await);
    world
        .sessions
        .log_out(account.id, first.principal.session, &origin("web"), NOON)
        .await
        .unwrap();
    world.revoke(&second.access_token.0).await;
    other.sessions.sync(NOON).await.unwrap();
    assert!(!other.admits(&first, NOON).await && !other.admits(&second, NOON).await);
    let restarted = world.restarted().await;
    assert!(!restarted.admits(&first, NOON).await && !restarted.admits(&second, NOON).await);
}

#[tokio::test]
async fn a_process_that_has_not_read_the_table_lately_asks_the_database() {
    use doorward::domain::sessions::Sessions;
    use doorward::domain::sessions::tokens::access::Issuer;
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let (_, token) = world.session("bob").await;
    let (eve, raised) = world.session("eve").await;
    let issuer = Issuer::new(crate::BASE, Duration::minutes(10));
    let keys = std::sync::Arc::clone(&world.keys);
    // Never tended: its index is empty and old.
    let deaf = Sessions::new(world.sessions.db.clone(), keys, issuer, crate::policy());
    let here = origin("web");
    let verify = async |token: &str| deaf.verify(token, Audience::Web, || &here, NOON).await;
    let admits = async |token: &str| matches!(verify(token).await, Ok(Access::Granted(_)));
    assert!(admits(&first.access_token.0).await && admits(&token.access_token.0).await);
    world
        .sessions
        .log_out(account.id, first.principal.session, &origin("web"), NOON)
        .await
        .unwrap();
    world.revoke(&token.access_token.0).await;
    let cli = origin("cli");
    let actor = Actor::operator(&cli);
    administration::apply(&world.sessions, BulkAction::EndSessions, &[eve.id], actor, NOON)
        .await
        .unwrap();
    for refused in [&first, &token, &raised] {
        assert!(!admits(&refused.access_token.0).await);
    }
    world.sessions.db.clone().close().await;
    assert!(verify(&first.access_token.0).await.is_err(), "neither yes nor no");
}

#[tokio::test]
async fn entries_are_forgotten_when_no_token_could_concern_them() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    world
        .sessions
        .log_out(account.id, first.principal.session, &origin("web"), NOON)
        .await
        .unwrap();
    let index = &world.sessions.index;
    assert_eq!(index.count(), 1);
    let heard = std::time::Instant::now();
    let minutes = |minutes: u64| heard + std::time::Duration::from_secs(60 * minutes);
    index.forget_expired(minutes(10));
    assert_eq!(index.count(), 1, "its access token could still be shown");
    index.forget_expired(minutes(12));
    assert_eq!(index.count(), 0);
    assert!(!world.admits(&first, NOON + Duration::minutes(12)).await);
}

#[tokio::test]
async fn no_clock_makes_a_server_forget_a_revocation_early() {
    for wrong in [-Duration::DAY, Duration::days(365)] {
        let world = World::new().await;
        let other = world.restarted().await;
        let (account, issued) = world.session("ada").await;
        // The clock of the revoking server is wrong, or that of the server for a moment.
        let (revoked_at, tidied_at) =
            if wrong.is_negative() { (NOON + wrong, NOON) } else { (NOON, NOON + wrong) };
        let cli = origin("cli");
        let actor = Actor::operator(&cli);
        let sessions = &world.sessions;
        administration::apply(sessions, BulkAction::EndSessions, &[account.id], actor, revoked_at)
            .await
            .unwrap();
        other.sessions.sync(NOON).await.unwrap();
        other.sessions.purge_expired(tidied_at).await.unwrap();
        assert!(!other.admits(&issued, NOON).await, "{wrong}");
        if wrong.is_negative() {
            assert!(!world.restarted().await.admits(&issued, NOON).await, "nor at a new start");
        }
    }
}

#[tokio::test]
async fn a_revocation_acts_also_after_one_by_a_clock_that_was_ahead() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let cli = origin("cli");
    let actor = Actor::operator(&cli);
    let ahead = NOON + Duration::days(365);
    world.sessions.end_everything(actor, ahead).await.unwrap();
    assert!(!world.admits(&first, NOON).await);
    let second = world.start(&account, NOON).await;
    assert!(world.admits(&second, NOON).await);
    administration::apply(&world.sessions, BulkAction::EndSessions, &[account.id], actor, NOON)
        .await
        .unwrap();
    assert!(!world.admits(&second, NOON).await);
}

#[tokio::test]
async fn a_backup_that_is_brought_back_twice_is_past_all_tokens_each_time() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let cli = origin("cli");
    let actor = Actor::operator(&cli);
    let restore = async |now| {
        // What the database says about epochs goes back to the time of the backup.
        let db = world.sessions.db.write();
        db.execute_unprepared("DELETE FROM revocations").await.unwrap();
        db.execute_unprepared("DELETE FROM service").await.unwrap();
        db.execute_unprepared("UPDATE accounts SET epoch = 0").await.unwrap();
        let restored = world.restarted().await;
        restored.sessions.end_after_restore(actor, now).await.unwrap();
        restored
    };
    let once = restore(NOON).await;
    assert!(!once.admits(&first, NOON).await);
    let second = once.start(&account, NOON).await;
    let twice = restore(NOON + Duration::minutes(1)).await;
    assert!(!twice.admits(&second, NOON + Duration::minutes(1)).await);
}

#[tokio::test]
async fn each_revocation_tells_how_soon_every_server_refused_it() {
    use doorward::domain::sessions::revocation;
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    let others = [world.restarted().await, world.restarted().await];
    let sid = first.principal.session;
    world.sessions.log_out(account.id, sid, &origin("web"), NOON).await.unwrap();
    let servers = async || {
        let list = revocation::list(world.sessions.db.read(), i64::MAX, 10, NOON).await.unwrap();
        list[0].acknowledgements
    };
    assert_eq!(servers().await, None, "nobody has said so yet");
    world.sessions.sync(NOON).await.unwrap();
    assert!(servers().await.is_some_and(|(servers, millis)| servers == 1 && millis < 1000));
    let later = NOON + Duration::milliseconds(420);
    for other in &others {
        other.sessions.sync(later).await.unwrap();
        other.sessions.sync(later + Duration::seconds(9)).await.unwrap();
    }
    assert_eq!(servers().await, Some((3, 420)), "each told once; the slowest counts");
    for refusals in [0, 1, 2] {
        assert_eq!(others[0].sessions.index.refusals(sid.0), refusals);
        assert!(!others[0].admits(&first, later).await);
    }
    let day = NOON + Duration::hours(25);
    world.sessions.purge_expired(day).await.unwrap();
    let list = revocation::list(world.sessions.db.read(), i64::MAX, 10, NOON).await.unwrap();
    assert!(list.is_empty(), "gone a day after the last token it was about");
}

#[tokio::test]
async fn a_revocation_that_is_committed_long_after_later_ones_is_not_missed() {
    use doorward::domain::sessions::revocation::{Kind, OUTRIGHT, revoke};
    if shared::databases::needed_postgres().is_none() {
        return; // SQLite commits in the order of the numbers.
    }
    let world = World::new().await;
    let other = world.restarted().await;
    let (_, first) = world.session("ada").await;
    let (bob, second) = world.session("bob").await;
    // Somebody stands still in the middle of a log-out, longer than any patience.
    let paused = world.sessions.db.begin().await.unwrap();
    let sid = first.principal.session.0;
    let life = (Duration::minutes(12), NOON);
    let written = revoke(&paused, Kind::Session, sid, OUTRIGHT, "logged_out", life).await.unwrap();
    drop(written);
    let sid = second.principal.session;
    world.sessions.log_out(bob.id, sid, &origin("web"), NOON).await.unwrap();
    for _ in 0..17 {
        paused.execute_unprepared("SELECT 1").await.unwrap();
        other.sessions.sync(NOON).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert!(other.admits(&first, NOON).await && !other.admits(&second, NOON).await);
    paused.commit().await.unwrap();
    other.sessions.sync(NOON).await.unwrap();
    assert!(!other.admits(&first, NOON).await);
}

#[tokio::test]
async fn whoever_stands_still_in_a_transaction_holds_nobody_up_for_long() {
    if shared::databases::needed_postgres().is_none() {
        return;
    }
    let world = World::new().await;
    let paused = world.sessions.db.begin().await.unwrap();
    paused.execute_unprepared("SELECT 1").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert!(paused.execute_unprepared("SELECT 1").await.is_err(), "undone by the database");
}

#[tokio::test]
async fn of_one_accounts_ended_sessions_the_newest_two_hundred_are_kept() {
    let world = World::new().await;
    let (account, _) = world.session("ada").await;
    let (bob, _) = world.session("bob").await;
    let here = origin("web");
    let mut now = NOON;
    for _ in 0..230 {
        now = now + Duration::seconds(1);
        let issued = world.start(&account, now).await;
        world.sessions.log_out(account.id, issued.principal.session, &here, now).await.unwrap();
    }
    while world.sessions.purge_expired(now).await.unwrap() {}
    let kept = sessions::all_of(world.sessions.db.read(), account.id).await.unwrap();
    assert_eq!(kept.iter().filter(|session| session.ended.is_some()).count(), 200);
    assert_eq!(kept.iter().filter(|session| session.ended.is_none()).count(), 1);
    let oldest =
        kept.iter().filter(|session| session.ended.is_some()).map(|it| it.created_at).min();
    assert_eq!(oldest, Some(NOON + Duration::seconds(31)), "the newest are kept");
    assert_eq!(sessions::all_of(world.sessions.db.read(), bob.id).await.unwrap().len(), 1);
}
