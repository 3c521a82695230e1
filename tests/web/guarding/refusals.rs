//! What was not let through, and why: the recent refusals of an application.

use doorward::domain::applications::sightings::Cause;
use rocket::http::Status;
use time::Duration;

use super::{FILES, GOES, Person, WIKI, draft, guard, start, with_rules};
use crate::app::{App, Browser};

/// The cause and the answer of the newest refusal of an application.
fn newest(app: &App, slug: &str) -> (Cause, u16) {
    let found = app.doorward.applications.current().by_slug(slug).cloned().unwrap();
    let recent = app.doorward.sightings.recent(found.id);
    recent.first().map(|refused| (refused.cause, refused.answer)).expect("a refusal")
}

async fn rows(chief: &Browser<'_>) -> Vec<String> {
    chief.get("/admin/applications/wiki/refusals").await.page().texts("tbody tr")
}

#[rocket::async_test]
async fn administrators_see_what_was_not_let_through_and_what_to_do() {
    let app = start().await;
    let chief = app.staff("chief", "admin").await;
    assert!(chief.get("/admin/applications/wiki/refusals").await.body.contains("No refusals"));
    let stranger = Person::stranger(&app);
    let manifest = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "manifest")];
    let cookie = [manifest[0], manifest[1], ("Cookie", "__Host-fn=AAAA; other=secret")];
    stranger.ask("GET", "/manifest.json?token=secret", &cookie).await;
    stranger.go("/a").await;
    let shown = rows(&chief).await;
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].contains("GET /a 303 No cookie of this application"), "{shown:?}");
    assert!(shown[0].contains("No cookie of Doorward"), "{shown:?}");
    assert!(shown[1].contains("GET /manifest.json 401"), "{shown:?}");
    for words in ["A script asked", "fetch manifests without cookies", "Cookies: __Host-fn"] {
        assert!(shown[1].contains(words), "{words}: {shown:?}");
    }
    assert!(!shown.concat().contains("secret"), "no query, no value, no other cookie");
    for (name, role) in [("reader", "auditor"), ("helper", "support")] {
        let other = app.staff(name, role).await;
        let answer = other.get("/admin/applications/wiki/refusals").await;
        assert_eq!(answer.status, Status::Forbidden, "{role}");
        let page = other.get("/admin/applications/wiki").await.page();
        assert!(!page.links_to("/admin/applications/wiki/refusals"), "{role}");
    }
    assert!(
        chief
            .get("/admin/applications/wiki")
            .await
            .page()
            .links_to("/admin/applications/wiki/refusals")
    );
}

#[rocket::async_test]
async fn nginx_that_asks_twice_makes_one_refusal_with_the_answer_of_the_visitor() {
    let app = start().await;
    let (chief, stranger) = (app.staff("chief", "admin").await, Person::stranger(&app));
    stranger.ask_at("/nginx", "GET", "/a", &GOES).await;
    stranger.ask_at("/refused", "GET", "/a", &GOES).await;
    let shown = rows(&chief).await;
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].contains("GET /a 303"), "{shown:?}");
}

#[rocket::async_test]
async fn each_cause_is_told_with_its_own_words() {
    use doorward::domain::applications::decide::Reason;
    use doorward::domain::applications::question::Unread;
    use doorward::domain::applications::readings::Unreadable;
    use doorward::domain::sessions::EndReason;
    let app = start().await;
    let rules = serde_json::json!([
        { "path": "/admin*", "needs": "roles", "roles": ["admin"] },
        { "path": "/closed*", "needs": "nobody" },
        { "path": "/fresh*", "needs": "members", "confirm_seconds": 900 },
    ]);
    let wiki = with_rules(draft("wiki", WIKI, "members"), rules);
    guard(&app, wiki.clone()).await;
    guard(&app, draft("files", FILES, "members")).await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let files =
        Person { slug: "files", host: FILES, there: ada.there.copied(), ..Person::stranger(&app) };
    let stranger = Person::stranger(&app);
    let mut told = vec![];
    let mut is = |slug: &str, cause: Cause, answer: u16| {
        assert_eq!(newest(&app, slug), (cause, answer));
        told.push(cause);
    };

    stranger.fetch("/a").await;
    is("wiki", Cause::NoCookie, 401);
    files.fetch("/a").await;
    is("files", Cause::ForeignCookie, 401);
    ada.fetch("/admin").await;
    is("wiki", Cause::Refused(Reason::RolesLacking), 403);
    ada.fetch("/closed").await;
    is("wiki", Cause::Refused(Reason::ForNobody), 403);
    ada.fetch("/a%00").await;
    is("wiki", Cause::Refused(Reason::Path(Unreadable::NotText)), 400);
    stranger.ask("GET", "/a", &[("X-Forwarded-Uri", "/b")]).await;
    is("wiki", Cause::Unread(Unread::Header("X-Forwarded-Uri")), 400);
    Person { host: "wiki.example.org", ..Person::stranger(&app) }.fetch("/a").await;
    is("wiki", Cause::Unread(Unread::NotHttps), 400);
    Person { host: "evil.localhost:9000", ..Person::stranger(&app) }.fetch("/a").await;
    is("wiki", Cause::UnknownHost, 403);
    Person { host: FILES, ..Person::stranger(&app) }.fetch("/a").await;
    is("wiki", Cause::WrongApplication, 403);
    ada.ask_at("/refused", "GET", "/a", &GOES).await;
    is("wiki", Cause::RefusedByProxy, 403);
    app.pass(Duration::minutes(16)).await;
    ada.fetch("/fresh").await;
    is("wiki", Cause::PasswordTooOld, 401);
    ada.here.press("/account", "/logout").await;
    ada.fetch("/a").await;
    is("wiki", Cause::SessionOver(Some(EndReason::LoggedOut)), 401);
    let mut disabled = wiki.clone();
    disabled.disabled = true;
    guard(&app, disabled).await;
    ada.fetch("/a").await;
    is("wiki", Cause::Refused(Reason::Disabled), 403);
    guard(&app, wiki).await;
    let untrusted = Person { there: app.browser_at("10.0.0.1"), ..Person::stranger(&app) };
    untrusted.fetch("/a").await;
    is("wiki", Cause::UntrustedProxy, 403);
    let sentences = told.iter().map(|cause| doorward::service::words::cause(*cause));
    let different: std::collections::BTreeSet<String> = sentences.collect();
    assert_eq!(different.len(), told.len(), "{different:?}");
}

#[rocket::async_test]
async fn a_proxy_that_is_not_trusted_is_told_of_once_a_minute() {
    let app = start().await;
    let untrusted = Person { there: app.browser_at("10.0.0.1"), ..Person::stranger(&app) };
    let count = || {
        let found = app.doorward.applications.current().by_slug("wiki").cloned().unwrap();
        app.doorward.sightings.recent(found.id).len()
    };
    for _ in 0..3 {
        assert_eq!(untrusted.fetch("/a").await.status, Status::Forbidden);
    }
    assert_eq!(count(), 1);
    app.pass(Duration::minutes(1)).await;
    untrusted.fetch("/a").await;
    assert_eq!(count(), 2);
}
