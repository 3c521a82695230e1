//! The overview of the service.

use doorward::domain::audit::{self, Entry, RequestSource};
use doorward::domain::sessions;
use time::Duration;

use crate::app::App;

#[rocket::async_test]
async fn the_overview_tells_what_happened_and_what_needs_attention() {
    let app = App::with(&[("throttle_name", "0")]).await;
    let reader = app.staff("reader", "auditor").await;
    app.account("ada", &[]).await;
    for _ in 0..25 {
        app.browser().log_in_with("ada", "not her password").await;
    }
    app.doorward.sync(app.clock().now()).await.unwrap();
    app.doorward.purge_expired(app.clock().now()).await.unwrap();
    for page in ["/admin", "/admin?span=month"] {
        let answer = reader.get(page).await;
        let titles = answer.page().texts(".chart h2");
        for title in ["Failed sign-ins 25", "Active sessions 1"] {
            assert!(titles.contains(&title.to_owned()), "{titles:?}");
        }
        let body = answer.body;
        assert!(body.contains("25 failed sign-ins in the last 2 hours (usually 0)"), "{body}");
        assert!(body.contains("25 failed sign-ins in a row with the name ada"), "{body}");
        assert!(body.contains("<svg") && !body.contains("style="), "{body}");
    }
}

#[rocket::async_test]
async fn the_overview_names_alarms_a_shared_address_and_old_keys() {
    let app = App::with(&[("throttle_name", "0"), ("throttle_address", "0")]).await;
    for number in 0..5 {
        app.account(&format!("pupil-{number}"), &[]).await;
    }
    let address = "192.0.2.1".to_owned();
    let here = RequestSource { address, ..RequestSource::default() };
    for round in 0..100 {
        let pupil = app.id_of(&format!("pupil-{}", round % 5)).await.parse().unwrap();
        let told = Entry::by_owner(sessions::events::LOGGED_IN, pupil, &here);
        audit::record(app.doorward.db.write(), told, app.clock().now()).await.unwrap();
    }
    let thief = app.browser_at("192.0.2.1");
    thief.log_in("pupil-1").await;
    let owner = thief.copied();
    for browser in [&owner, &thief] {
        app.pass(Duration::minutes(11)).await;
        browser.forget("__Host-at");
        browser.get("/account").await;
        browser.get("/account").await;
    }
    app.account("reader", &["auditor"]).await;
    let reader = app.browser_at("192.0.2.1");
    reader.log_in("reader").await;
    let body = reader.get("/admin").await.body;
    assert!(body.contains("Stolen sessions detected and ended in the last 7 days: 1."), "{body}");
    assert!(body.contains("seem to share the address 192.0.2.1"), "{body}");
    assert!(!body.contains("days old"), "{body}");
    app.pass(Duration::days(200)).await;
    let reader = app.browser_at("198.51.100.1");
    reader.log_in("reader").await;
    let body = reader.get("/admin").await.body;
    assert!(body.contains("The access key is 200 days old"), "{body}");
}
