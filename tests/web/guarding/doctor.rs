//! What the doctor says of applications: each line when its cause is made, and
//! not before.

use doorward::service::doctor::{Finding, examine};
use rocket::http::{Method, Status};
use time::Duration;

use super::{FILES, PROXY, Person, WIKI, draft, guard, split, start, with_rules};
use crate::app::App;

/// What the doctor says is wrong (`true`), or to be looked at.
async fn lines(app: &App) -> Vec<(bool, String)> {
    let findings = examine(&app.doorward, app.clock().now()).await;
    let bad = findings.into_iter().filter_map(|finding| match finding {
        Finding::Good(_) => None,
        Finding::Look(words) => Some((false, words)),
        Finding::Mend(words) => Some((true, words)),
    });
    bad.collect()
}

/// That there is exactly one such line now. Returns it.
async fn one(app: &App, words: &str, is_problem: bool) -> String {
    let lines = lines(app).await;
    let found: Vec<_> = lines.iter().filter(|(_, line)| line.contains(words)).collect();
    assert_eq!(found.len(), 1, "{words}: {lines:?}");
    assert_eq!(found[0].0, is_problem, "{words}");
    found[0].1.clone()
}

async fn none(app: &App, words: &str) {
    let lines = lines(app).await;
    assert!(!lines.iter().any(|(_, line)| line.contains(words)), "{words}: {lines:?}");
}

#[rocket::async_test]
async fn what_proxies_ask_wrongly_is_told_when_they_do_and_for_a_day() {
    let app = start().await;
    guard(&app, draft("files", FILES, "members")).await;
    let at = |host: &'static str| Person { host, ..Person::stranger(&app) };
    for (words, is_problem, person) in [
        (
            "10.0.0.1 asks about WIKI and is not trusted",
            true,
            Person { there: app.browser_at("10.0.0.1"), ..Person::stranger(&app) },
        ),
        ("reach wiki.example.org by http", true, at("wiki.example.org")),
        ("asks for WIKI about files.localhost:9000", true, at(FILES)),
        (
            "no application has: wikj.localhost:9000 (near wiki.localhost:9000)",
            false,
            at("wikj.localhost:9000"),
        ),
        (
            "asked for an application that does not exist, about wiki.localhost:9000",
            false,
            Person { slug: "wikis", ..Person::stranger(&app) },
        ),
    ] {
        let mut wiki = draft("wiki", WIKI, "members");
        wiki.hosts.push("wiki.example.org".to_owned());
        guard(&app, wiki).await;
        none(&app, words).await;
        assert_ne!(person.fetch("/a").await.status, Status::Ok);
        one(&app, words, is_problem).await;
    }
    let line = one(&app, "is not trusted", true).await;
    assert!(line.ends_with("set trusted_proxies = [\"127.0.0.9\", \"10.0.0.1\"]"), "{line}");
    // As the command line, which has nothing in memory, and until a day later.
    app.pass(Duration::seconds(31)).await;
    let written = doorward::domain::applications::sightings::Sightings::default();
    assert_eq!(written.all(app.doorward.db.read()).await.unwrap().len(), 5);
    app.pass(Duration::days(1)).await;
    for words in ["is not trusted", "by http", "asks for WIKI about", "no application has"] {
        none(&app, words).await;
    }
}

#[rocket::async_test]
async fn an_application_that_nobody_asks_about_is_named_until_somebody_does() {
    let app = start().await;
    const WORDS: &str = "No proxy asked about WIKI since it was added";
    one(&app, WORDS, false).await;
    let page = app.staff("chief", "admin").await.get("/admin/applications").await.page();
    assert_eq!(page.texts("td[data-label='Last asked']"), ["Never"]);
    Person::stranger(&app).fetch("/a").await;
    none(&app, WORDS).await;
    let page = app.signed_in("chief").await.get("/admin/applications").await.page();
    assert_ne!(page.texts("td[data-label='Last asked']"), ["Never"]);
    assert!(page.texts("tbody .tag").is_empty());
    let far = Person { there: app.browser_at("10.0.0.1"), ..Person::stranger(&app) };
    far.fetch("/a").await;
    let page = app.signed_in("chief").await.get("/admin/applications").await.page();
    assert_eq!(page.texts("tbody .tag.off"), ["Proxy not trusted"]);
}

#[rocket::async_test]
async fn a_browser_that_never_gets_in_is_told_of() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    none(&app, "could not enter").await;
    let there = app.browser_at(PROXY);
    let host = [("Host", WIKI)];
    let led = there.send(Method::Get, "/.doorward/enter?attempt=9", None, &host).await;
    let here = led.location.unwrap();
    let back = ada.here.get(split(&here).1).await.location.unwrap();
    there.forget("__Host-fn");
    let answer = there.send(Method::Get, split(&back).1, None, &host).await;
    assert_eq!(answer.status, Status::Forbidden);
    one(&app, "could not enter WIKI at wiki.localhost:9000", true).await;
}

#[rocket::async_test]
async fn a_host_that_is_added_and_a_proxy_that_is_trusted_are_not_told_of_any_more() {
    let app = start().await;
    Person { host: FILES, ..Person::stranger(&app) }.fetch("/a").await;
    one(&app, "no application has: files.localhost:9000", false).await;
    guard(&app, draft("files", FILES, "members")).await;
    none(&app, "no application has").await;
}

#[rocket::async_test]
async fn rules_that_open_more_than_they_seem_to_are_named() {
    let app = start().await;
    let ruled = |rule: serde_json::Value| {
        with_rules(draft("wiki", WIKI, "members"), serde_json::json!([rule]))
    };
    const OPEN: &str = "The rule /* opens all of WIKI";
    const NETWORK: &str = "where the trusted proxy 127.0.0.9 is";
    for (rule, words, is_problem) in [
        (serde_json::json!({ "path": "/share/*", "needs": "public" }), OPEN, None),
        (serde_json::json!({ "path": "/*", "needs": "public" }), OPEN, Some(false)),
        (
            serde_json::json!({ "path": "/a*", "needs": "members", "networks": ["10.0.0.0/8"] }),
            NETWORK,
            None,
        ),
        (
            serde_json::json!({ "path": "/a*", "needs": "members", "networks": ["127.0.0.0/8"] }),
            NETWORK,
            Some(true),
        ),
    ] {
        guard(&app, ruled(rule)).await;
        match is_problem {
            Some(is_problem) => drop(one(&app, words, is_problem).await),
            None => none(&app, words).await,
        }
    }
}

#[rocket::async_test]
async fn a_wide_network_of_trusted_proxies_is_named() {
    for (trusted, is_wide) in [
        ("127.0.0.9", false),
        ("10.1.0.0/29", false),
        ("10.1.0.0/28", true),
        ("fd00::/125", false),
        ("fd00::/124", true),
    ] {
        let app = App::with(&[("trusted_proxies", &format!("[\"{trusted}\"]"))]).await;
        match is_wide {
            true => drop(one(&app, "everybody in that network", false).await),
            false => none(&app, "everybody in that network").await,
        }
    }
}

#[rocket::async_test]
async fn a_ring_without_keys_for_applications_is_a_problem_where_there_are_some() {
    const WORDS: &str = "The key ring has no entry key of its own";
    let app = start().await;
    none(&app, WORDS).await;
    let text = std::fs::read_to_string(&app.doorward.settings.keys_file).unwrap();
    let mut ring: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys = ring["keys"].as_array_mut().unwrap();
    keys.retain(|key| key["purpose"] != "entry");
    std::fs::write(&app.doorward.settings.keys_file, ring.to_string()).unwrap();
    assert!(app.doorward.keys.reload().unwrap());
    one(&app, WORDS, true).await;
}
