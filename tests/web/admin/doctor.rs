//! What the server sees of the request.

use doorward::base::keys::{Keys, Purpose, Ring, in_use};
use doorward::domain::accounts::AccountId;
use doorward::domain::audit::chain;
use doorward::domain::sessions;
use doorward::service::setup::proxy::{Proxy, configuration};
use rocket::http::{Method, Status};
use time::Duration;

use crate::app::{App, PASSWORD};

#[rocket::async_test]
async fn the_doctor_tells_what_the_server_sees_of_whoever_asks() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let chief = app.browser_at("192.0.2.7");
    chief.log_in("chief").await;
    let page = chief.get("/admin/doctor").await;
    assert_eq!(page.status, Status::Ok);
    assert!(page.body.contains("The database answers") && page.body.contains("sign-ins a minute"));
    assert!(page.body.contains("Your address is 192.0.2.7"), "{}", page.body);
    let shown = page.page().texts("pre");
    let ours = [Proxy::Nginx, Proxy::Caddy].map(|proxy| configuration(proxy, "localhost", 8000));
    let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (shown, ours) in shown.iter().zip(&ours) {
        assert_eq!(lines(shown), lines(ours));
    }
    assert_eq!(shown.len(), 2);
    // A proxy that is not trusted.
    let forwarded = [("X-Forwarded-For", "198.51.100.4")];
    let page = chief.send(Method::Get, "/admin/doctor", None, &forwarded).await;
    assert!(page.body.contains("is not trusted"), "{}", page.body);
    for number in 0..5 {
        let name = format!("member-{number}");
        app.account(&name, &[]).await;
        app.browser_at("192.0.2.7").log_in(&name).await;
    }
    let page = chief.get("/admin/doctor").await;
    assert!(page.body.contains("share the address"), "{}", page.body);
}

#[rocket::async_test]
async fn problems_stand_before_warnings_and_what_passed_behind_its_number() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let forwarded = [("X-Forwarded-For", "198.51.100.4")];
    let page = chief.send(Method::Get, "/admin/doctor", None, &forwarded).await.page();
    let states = page.attributes("section > .findings .tag", "class");
    assert_eq!(states.first().unwrap(), "tag mend");
    assert!(
        states.contains(&"tag look".to_owned()) && states.is_sorted_by_key(|one| one != "tag mend")
    );
    let passed = page.texts("details .findings .good").len();
    assert_eq!(
        page.texts("section:has(.findings) > details > summary"),
        [format!("{passed} checks passed")]
    );
    assert!(page.texts("section > .findings .good").is_empty() && passed > 5);
}

#[rocket::async_test]
async fn what_a_proxy_says_of_the_scheme_is_taken_from_a_trusted_one() {
    const BARE: &str = "This request came without TLS";
    for (trusted, scheme, bare) in
        [("127.0.0.1", "https", false), ("127.0.0.1", "http", true), ("10.0.0.1", "https", true)]
    {
        let proxies = format!("[\"{trusted}\"]");
        let https = ("base_url", "\"https://localhost:8000\"");
        let app = App::with(&[https, ("trusted_proxies", &proxies)]).await;
        app.account("chief", &["admin"]).await;
        let chief = app.browser_at("127.0.0.1");
        let token = chief.get("/login").await.csrf();
        let body = shared::forms::body(&token, &[("login", "chief"), ("password", PASSWORD)]);
        let ours = [("Origin", "https://localhost:8000"), ("Sec-Fetch-Site", "same-origin")];
        chief.send(Method::Post, "/login", Some(&body), &ours).await;
        let said = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", scheme)];
        let page = chief.send(Method::Get, "/admin/doctor", None, &said).await;
        assert_eq!(page.status, Status::Ok, "{trusted} {scheme}");
        assert_eq!(page.body.contains(BARE), bare, "{trusted} {scheme}");
    }
}

#[rocket::async_test]
async fn a_trusted_proxy_on_the_browsers_own_machine_is_in_order() {
    let app = App::with(&[("trusted_proxies", "[\"127.0.0.1\"]")]).await;
    app.account("chief", &["admin"]).await;
    let chief = app.browser_at("127.0.0.1");
    chief.log_in("chief").await;
    let forwarded = [("X-Forwarded-For", "127.0.0.1")];
    let page = chief.send(Method::Get, "/admin/doctor", None, &forwarded).await;
    assert!(!page.body.contains("is not trusted"), "{}", page.body);
    assert!(page.body.contains("Your address is 127.0.0.1"), "{}", page.body);
}

#[rocket::async_test]
async fn a_periodic_task_that_fails_stops_no_other_and_is_shown_until_it_succeeds() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let round = async || app.doorward.sync(app.clock().now()).await;
    round().await.unwrap();
    let page = chief.get("/admin/doctor").await.body;
    assert!(page.contains("All 8 periodic tasks succeed."), "{page}");
    let file = &app.doorward.settings.keys_file;
    let keys = std::fs::read(file).unwrap();
    std::fs::write(file, "no key ring").unwrap();
    assert!(round().await.is_err());
    let rounds = app.doorward.rounds.all();
    let failed = rounds.iter().filter(|(_, round)| round.failure.is_some());
    assert_eq!(failed.map(|(name, _)| *name).collect::<Vec<_>>(), ["changed keys"]);
    assert_eq!(rounds.len(), 8, "those after it were done, too");
    let page = chief.get("/admin/doctor").await.body;
    assert!(page.contains("&quot;changed keys&quot; failed"), "{page}");
    std::fs::write(file, keys).unwrap();
    round().await.unwrap();
    assert!(!chief.get("/admin/doctor").await.body.contains("failed"));
}

#[rocket::async_test]
async fn what_is_only_in_memory_is_written_at_the_stop_also_with_a_broken_key_file() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    app.clock().advance(Duration::minutes(2));
    assert!(ada.is_signed_in().await);
    std::fs::write(&app.doorward.settings.keys_file, "no key ring").unwrap();
    let (now, db) = (app.clock().now(), &app.doorward.db);
    app.doorward.write_at_stop(now).await.unwrap();
    let account = AccountId(app.id_of("ada").await.parse().unwrap());
    let session = sessions::live_of(db.read(), account, now).await.unwrap().remove(0);
    assert!(session.last_seen_at > session.created_at, "{session:?}");
    assert_eq!(chain::seal(db, now).await.unwrap(), 0, "everything is sealed");
    let rounds = app.doorward.rounds.all();
    assert!(rounds.contains_key("counts of throttling"), "{rounds:?}");
}

#[rocket::async_test]
async fn a_new_key_is_told_to_the_other_servers_at_once_whoever_found_it() {
    let app = App::start().await;
    let (now, keys) = (app.clock().now(), &app.doorward.keys);
    app.doorward.sync(now).await.unwrap();
    let before = keys.ring();
    let command = Keys::in_file(&app.doorward.settings.keys_file, now).unwrap();
    let rotate = |ring: &mut Ring| Ok(ring.rotate(Purpose::Access, Duration::minutes(10), now));
    let new = command.change(rotate).unwrap();
    // A request with a token that nobody made, or SIGHUP.
    assert!(keys.reload().unwrap());
    app.doorward.sync(now).await.unwrap();
    let missing = in_use::missing(&app.doorward.db, &before, now).await.unwrap();
    assert_eq!(missing, Some(new));
}

#[rocket::async_test]
async fn while_tasks_wait_for_the_clock_the_doctor_names_the_clock_and_not_the_tasks() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    app.doorward.purge_expired(app.clock().now()).await.unwrap();
    app.pass(Duration::minutes(4)).await;
    const LATE: &str = "&quot;expired sessions&quot; was last done 4 minutes ago";
    let page = chief.get("/admin/doctor").await.body;
    assert!(page.contains(LATE), "{page}");
    app.clock().doubt();
    let page = chief.get("/admin/doctor").await.body;
    assert!(page.contains("The clock was set less than two minutes ago"), "{page}");
    assert!(!page.contains("last done"), "{page}");
}

#[rocket::async_test]
async fn the_doctor_names_a_key_that_is_old() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let chief = app.signed_in("chief").await;
    let old = "key is 200 days old";
    let page = chief.get("/admin/doctor").await;
    assert!(page.body.contains("The keys were made today"), "{}", page.body);
    app.pass(Duration::days(200)).await;
    let page = app.signed_in("chief").await.get("/admin/doctor").await;
    let findings = page.page().texts("li:has(.look)");
    assert!(findings.iter().any(|finding| finding.contains(old)), "{findings:?}");
}
