//! The overview of the service.

use doorward::domain::audit::{self, Entry, RequestSource};
use doorward::domain::sessions;
use doorward::service::events;
use doorward::service::setup::next_steps;
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
        let titles = answer.page().texts(".chart h3");
        for title in ["Failed sign-ins 25", "Active sessions 1"] {
            assert!(titles.contains(&title.to_owned()), "{titles:?}");
        }
        let body = answer.body;
        assert!(body.contains("25 failed sign-ins in the last 2 hours (usually 0)"), "{body}");
        assert!(body.contains("25 failed sign-ins in a row with the name ada"), "{body}");
        assert!(body.contains("<rect") && !body.contains("style="), "{body}");
    }
}

#[rocket::async_test]
async fn the_chart_of_sessions_ends_with_the_number_of_now() {
    let app = App::start().await;
    let reader = app.staff("reader", "auditor").await;
    app.doorward.purge_expired(app.clock().now()).await.unwrap();
    app.member("ada").await;
    for page in ["/admin", "/admin?span=month"] {
        let page = reader.get(page).await.page();
        let figures = page.texts(".figures > div");
        assert!(figures.contains(&"Active sessions2".to_owned()), "{figures:?}");
        let titles = page.texts(".chart h3");
        assert!(titles.contains(&"Active sessions 2".to_owned()), "{titles:?}");
        let rows = page.texts(".chart:has(h3[id=chart-4]) tbody tr");
        assert!(rows.last().unwrap().ends_with('2'), "{rows:?}");
    }
}

#[rocket::async_test]
async fn a_new_service_shows_administrators_what_to_do_next_until_it_is_done() {
    const HTTPS: &str = "Use HTTPS.";
    const REGISTRATION: &str = "Decide who may register.";
    const BACKUP: &str = "Make a backup.";
    let steps = async |app: &App, name: &str| {
        app.signed_in(name).await.get("/admin").await.page().texts(".steps strong")
    };
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    app.account("helper", &["support"]).await;
    let sqlite = !app.doorward.db.is_shared();
    let all: Vec<&str> =
        if sqlite { vec![HTTPS, REGISTRATION, BACKUP] } else { vec![HTTPS, REGISTRATION] };
    assert_eq!(steps(&app, "chief").await, all);
    assert!(steps(&app, "helper").await.is_empty());
    let here = RequestSource::command_line();
    let told = Entry::of_service(events::BACKED_UP, &here);
    audit::record(app.doorward.db.write(), told, app.clock().now()).await.unwrap();
    assert_eq!(steps(&app, "chief").await, [HTTPS, REGISTRATION]);
    app.pass(Duration::days(31)).await;
    assert!(steps(&app, "chief").await.is_empty(), "it is not new any more");
    for decided in ["\"open\"", "\"closed\""] {
        let base = ("base_url", "\"https://localhost:8000\"");
        let app = App::with(&[base, ("registration", decided)]).await;
        let account = app.account("chief", &["admin"]).await;
        let left = next_steps::of(&app.doorward, account.created_at).await.unwrap();
        let left: Vec<&str> = left.iter().map(|step| step.title).collect();
        assert_eq!(left, if sqlite { vec!["Make a backup"] } else { vec![] }, "{decided}");
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
