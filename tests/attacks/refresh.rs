//! "An honest browser is never signed out, and a thief never stays": what was
//! found against the first rules of the refresh protocol.

use std::sync::Arc;

use doorward::service::Doorward;
use time::Duration;

use crate::app::{App, Browser};

/// The browser's access token has run out.
async fn ask(browser: &Browser<'_>) -> bool {
    browser.forget("__Host-at");
    browser.is_signed_in().await
}

fn service(app: &App) -> &Arc<Doorward> {
    &app.doorward
}

#[rocket::async_test]
async fn tabs_that_come_back_after_a_lost_answer_are_all_let_in() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    assert!(browser.is_signed_in().await);
    app.pass(Duration::minutes(11)).await;
    browser.forget("__Host-at");
    // The answer is lost; hours later several tabs come back at once.
    assert!(ask(&browser.copied()).await);
    app.pass(Duration::hours(2)).await;
    let tabs = [browser.copied(), browser.copied(), browser.copied()];
    let first = &tabs[0];
    assert!(ask(first).await, "the first tab");
    assert!(first.is_signed_in().await, "the first tab shows what it got");
    service(&app).sync(app.clock().now()).await.unwrap();
    for tab in &tabs[1..] {
        assert!(ask(tab).await, "a tab whose request left before the answer came");
    }
    assert!(ask(first).await);
}

#[rocket::async_test]
async fn a_role_change_beside_a_refresh_signs_nobody_out() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    assert!(browser.is_signed_in().await);
    app.pass(Duration::minutes(11)).await;
    browser.forget("__Host-at");
    let (one, two) = (browser.copied(), browser.copied());
    assert!(ask(&one).await);
    // The epoch rises; the tab that was refreshed must renew its token at once.
    let account = app.id_of("ada").await;
    let doorward = service(&app);
    let id = doorward::domain::accounts::AccountId(account.parse().unwrap());
    let txn = doorward.db.begin().await.unwrap();
    let held = doorward::domain::accounts::by_id_to_change(&txn, id).await.unwrap();
    let now = app.clock().now();
    let revoked = doorward.sessions.require_refresh(&txn, &held, "a test", now).await.unwrap();
    txn.commit().await.unwrap();
    doorward.sessions.make_known([id], revoked);
    assert!(one.is_signed_in().await);
    assert!(ask(&two).await, "a tab whose request left before");
    assert!(one.is_signed_in().await);
}

#[rocket::async_test]
async fn a_thief_who_follows_each_refresh_within_a_minute_is_found() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    assert!(owner.is_signed_in().await);
    let thief = owner.copied();
    for round in 0..3 {
        app.pass(Duration::minutes(11)).await;
        let owner_in = ask(&owner).await && owner.is_signed_in().await;
        app.pass(Duration::seconds(30)).await;
        // The copy may be accepted once, but it gets nothing to go on with.
        thief.forget("__Host-at");
        let answer = thief.get("/account").await;
        let bought = answer.header("set-cookie").is_some_and(|line| line.contains("__Host-rt"));
        assert!(!bought, "round {round}: the copy got the owner's tokens");
        if !owner_in {
            return;
        }
    }
    assert!(!thief.is_signed_in().await);
}
