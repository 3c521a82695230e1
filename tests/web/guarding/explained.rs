//! What is explained: of any request to staff, and of their own browser to visitors.

use doorward::service::explain::{Asked, explain};
use rocket::http::{Method, Status};

use super::{GOES, PROXY, Person, WIKI, draft, guard, start, with_rules};

/// One of these, chosen by the next digits of a number.
fn chosen<T: Copy>(seed: &mut u64, from: &[T]) -> T {
    // A linear congruential generator (Knuth's constants): the same requests each time.
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    from[(*seed >> 33) as usize % from.len()]
}

#[rocket::async_test]
async fn the_explanation_and_its_page_say_of_200_requests_what_the_check_answers() {
    let app = start().await;
    let rules = serde_json::json!([
        { "path": "/admin*", "needs": "roles", "roles": ["editor"] },
        { "path": "/share/*", "needs": "public" },
        { "path": "/share/closed", "needs": "nobody" },
        { "path": "/read/*", "needs": "public", "reading_only": true },
        { "path": "/lan/*", "needs": "public", "networks": ["192.168.1.0/24"] },
    ]);
    let chief = app.staff("chief", "admin").await;
    let (ada, bob) =
        (Person::named(&app, "ada", &["editor"]).await, Person::named(&app, "bob", &[]).await);
    guard(&app, with_rules(draft("wiki", WIKI, "members"), rules)).await;
    for person in [&ada, &bob] {
        person.enter().await;
    }
    let stranger = Person::stranger(&app);
    let people = [(None, &stranger), (Some("ada"), &ada), (Some("bob"), &bob)];
    let parts =
        ["admin", "share", "closed", "read", "lan", "..", ".", "%2e%2e", "%2f", ";x", "", "A"];
    let (mut seed, mut allowed) = (1, 0);
    for _ in 0..200 {
        let count = chosen(&mut seed, &[1, 2, 3, 4]);
        let path: Vec<&str> = (0..count).map(|_| chosen(&mut seed, &parts)).collect();
        let path = format!("/{}", path.join("/"));
        let method = chosen(&mut seed, &["GET", "POST", "HEAD", "DELETE"]);
        let from = chosen(&mut seed, &["192.168.1.7", "203.0.113.7"]);
        let (name, person) = chosen(&mut seed, &people);
        let asked = Asked {
            url: format!("http://{WIKI}{path}"),
            who: name.map(str::to_owned),
            method: method.to_owned(),
            from: Some(from.to_owned()),
        };
        let explained = explain(&app.doorward, &asked, app.clock().now()).await.unwrap();
        let headers = [GOES[0], GOES[1], ("X-Forwarded-For", from)];
        let answer = person.ask(method, &path, &headers).await;
        let is_allowed = answer.status == Status::Ok;
        assert_eq!(explained.allowed, is_allowed, "{asked:?} {}", answer.status);
        allowed += usize::from(is_allowed);
        let query = shared::forms::body(
            "",
            &[
                ("url", &*asked.url),
                ("as", name.unwrap_or_default()),
                ("method", method),
                ("from", from),
            ],
        );
        let page = chief.get(&format!("/admin/applications/explain?{query}")).await;
        let said = page.page().texts("section.card h2");
        assert_eq!(said, [if is_allowed { "Allowed" } else { "Not allowed" }], "{asked:?}");
    }
    assert!((20..180).contains(&allowed), "{allowed}");
}

#[rocket::async_test]
async fn visitors_see_what_arrives_of_their_browser_and_strangers_neither_rule_nor_role() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &["editor"]).await;
    let mut wiki = draft("wiki", WIKI, "roles");
    wiki.roles = vec!["editor".to_owned()];
    guard(&app, wiki).await;
    ada.enter().await;
    let headers = [("Host", WIKI), ("X-Forwarded-Proto", "http"), ("X-Forwarded-For", "192.0.2.7")];
    let page = async |person: &Person<'_>| {
        person.there.send(Method::Get, "/.doorward/explain", None, &headers).await
    };
    let shown = page(&Person::stranger(&app)).await;
    assert_eq!(shown.status, Status::Ok);
    let facts = shown.page().texts("dd");
    let expected = [
        "Nobody. No cookie of this application came along.",
        "Somebody must sign in first.",
        "None",
        WIKI,
        "http",
        "192.0.2.7",
        PROXY,
    ];
    assert_eq!(facts, expected);
    assert!(!shown.body.contains("editor"), "{}", shown.body);
    assert!(!shown.body.contains("<form") && !shown.body.contains("<script"), "{}", shown.body);
    let shown = page(&ada).await;
    let facts = shown.page().texts("dd");
    assert_eq!(facts[..4], ["ada", "editor", "Allowed.", "__Host-fa, __Host-fn"]);
    let far = Person { there: app.browser_at("10.0.0.1"), ..Person::stranger(&app) };
    assert_ne!(page(&far).await.status, Status::Ok, "not by a proxy that is not trusted");
    assert_eq!(ada.here.get("/.doorward/explain").await.status, Status::NotFound);
    let mut quiet = draft("wiki", WIKI, "members");
    quiet.identity = "none".to_owned();
    guard(&app, quiet).await;
    let shown = page(&ada).await;
    assert_eq!(shown.page().texts("dd")[0], "Yes. This application is not told who.");
    assert!(!shown.body.contains("ada") && !shown.body.contains("editor"), "{}", shown.body);
    // Where somebody who is led around finds it.
    let going = ada.there.send(Method::Get, "/.doorward/enter?to=/", None, &headers).await;
    assert!(going.page().links_to("/.doorward/explain"), "{}", going.body);
}
