//! What the check answers about a request.

use rocket::http::{Method, Status};
use time::Duration;

use super::{FILES, GOES, Person, WIKI, draft, guard, split, start, with_rules};

#[rocket::async_test]
async fn whatever_ends_a_session_ends_it_at_every_application_with_the_next_request() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
    ada.here.press("/account", "/logout").await;
    assert_eq!(ada.fetch("/a").await.status, Status::Unauthorized);
    assert_eq!(ada.fetch("/a").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_role_that_is_taken_away_or_given_counts_with_the_next_request() {
    let app = start().await;
    let mut wiki = draft("wiki", WIKI, "roles");
    wiki.roles = vec!["editor".to_owned()];
    let staff = app.staff("root-of-all", "admin").await;
    let ada = Person::named(&app, "ada", &["editor"]).await;
    guard(&app, wiki).await;
    ada.enter().await;
    let id = app.id_of("ada").await;
    let path = format!("/admin/accounts/{id}/roles");
    let set = async |before: &str, roles: &[(&str, &str)]| {
        let fields = [&[("reason", "a test"), ("shown", before)], roles].concat();
        let answer = staff.post(&path, &fields).await;
        assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
    };
    set("editor", &[]).await;
    let answer = ada.fetch("/a").await;
    assert_eq!(answer.status, Status::Forbidden);
    assert!(answer.body.contains("forbidden"));
    let page = ada.go("/a").await;
    assert_eq!(page.status, Status::Forbidden);
    assert!(page.body.contains("You are signed in as ada."), "{}", page.body);
    set("", &[("role.editor", "on")]).await;
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
}

#[rocket::async_test]
async fn only_a_trusted_proxy_may_ask_and_never_at_our_own_host() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let far = Person { there: ada.there.copied_to("10.0.0.1"), ..Person::stranger(&app) };
    let answer = far.fetch("/a").await;
    assert_eq!(answer.status, Status::Forbidden);
    assert!(answer.body.contains("untrusted_proxy") && answer.body.contains("10.0.0.1"));
    for host in [
        "localhost:8000",
        "LocalHost:8000",
        "localhost.:8000",
        "localhost:8000.",
        "localhost:08000",
        "localhost",
        "localhost:1",
    ] {
        let ours = [("Host", host), ("X-Forwarded-Method", "GET")];
        let answer = ada.there.send(Method::Get, "/auth/verify/wiki", None, &ours).await;
        assert_eq!(answer.status, Status::NotFound, "{host}");
    }
    for path in ["/.doorward/enter", "/.doorward/entered", "/.doorward/leave"] {
        assert_eq!(ada.here.get(path).await.status, Status::NotFound, "{path}");
    }
}

#[rocket::async_test]
async fn what_the_proxy_guards_is_its_operators_word() {
    let app = start().await;
    guard(&app, draft("files", FILES, "public")).await;
    let stranger = Person { slug: "wiki", host: FILES, ..Person::stranger(&app) };
    let answer = stranger.fetch("/a").await;
    assert_eq!(answer.status, Status::Forbidden);
    assert!(answer.body.contains("wrong_application"), "{}", answer.body);
    let elsewhere = Person { slug: "wiki", host: "evil.localhost:9000", ..Person::stranger(&app) };
    assert!(elsewhere.fetch("/").await.body.contains("unknown_application"));
}

#[rocket::async_test]
async fn a_question_that_is_not_asked_once_and_clearly_is_refused() {
    let app = start().await;
    let stranger = Person::stranger(&app);
    for (name, value) in [
        ("X-Forwarded-Uri", "/b"),
        ("X-Forwarded-Host", WIKI),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "https"),
    ] {
        let answer = stranger.ask("GET", "/a", &[(name, value)]).await;
        assert_eq!(answer.status, Status::BadRequest, "{name} twice");
        assert!(answer.body.contains(name), "{}", answer.body);
    }
    assert_eq!(stranger.ask("GET", "/a#b", &[]).await.status, Status::BadRequest);
    assert_eq!(stranger.ask("GET,HEAD", "/a", &[]).await.status, Status::BadRequest);
}

#[rocket::async_test]
async fn every_reading_of_a_path_must_pass() {
    let app = start().await;
    let rules = serde_json::json!([
        { "path": "/admin*", "needs": "roles", "roles": ["admin"] },
        { "path": "/share/*", "needs": "public" },
    ]);
    guard(&app, with_rules(draft("wiki", WIKI, "members"), rules)).await;
    let (stranger, ada) = (Person::stranger(&app), Person::named(&app, "ada", &[]).await);
    ada.enter().await;
    for path in [
        "/share/../admin",
        "/share/%2e%2e/admin",
        "/share%2f..%2fadmin",
        "/share/..;/admin",
        "/share/..%5cadmin",
        "/share/%252e%252e/admin",
        "//admin",
        "/./admin",
        "/ADMIN",
        "/admin%20",
        "/admin.json",
        "/share/..%00/admin",
        "/share/%2e%2e%2fadmin?x",
        "/share/a%2fb/%2e%2e/%2e%2e/admin",
        "//share/admin",
        "/share//../admin",
    ] {
        for person in [&stranger, &ada] {
            let status = person.fetch(path).await.status;
            assert_ne!(status, Status::Ok, "{path}");
        }
    }
    for path in ["/share/a", "/share/a%2Fb", "/share/"] {
        let answer = stranger.fetch(path).await;
        assert_eq!(answer.status, Status::Ok, "{path}");
        assert_eq!(answer.header("Remote-User"), Some(""), "{path}");
    }
    assert_eq!(stranger.fetch("/share").await.status, Status::Unauthorized);
    assert_eq!(ada.fetch("/x;y=1").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_page_and_the_folder_of_its_name_are_one() {
    let app = start().await;
    let rules = serde_json::json!([
        { "path": "/admin/*", "needs": "roles", "roles": ["admin"] },
        { "path": "/users", "needs": "roles", "roles": ["admin"] },
        { "path": "/share/*", "needs": "public" },
        { "path": "/robots.txt", "needs": "public" },
    ]);
    guard(&app, with_rules(draft("wiki", WIKI, "members"), rules)).await;
    let (stranger, ada) = (Person::stranger(&app), Person::named(&app, "ada", &[]).await);
    ada.enter().await;
    for path in ["/admin", "/ADMIN", "/admin/", "/users", "/users/", "/users/.", "/admin;x"] {
        assert_eq!(ada.fetch(path).await.status, Status::Forbidden, "{path}");
    }
    for path in ["/administrator", "/users/a"] {
        assert_eq!(ada.fetch(path).await.status, Status::Ok, "{path}");
    }
    for (path, status) in [
        ("/share/", Status::Ok),
        ("/share/a/", Status::Ok),
        ("/robots.txt", Status::Ok),
        ("/share", Status::Unauthorized),
        ("/robots.txt/", Status::Unauthorized),
    ] {
        assert_eq!(stranger.fetch(path).await.status, status, "{path}");
    }
}

#[rocket::async_test]
async fn the_way_back_after_a_refusal_stays_at_the_application() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let answer = ada.ask_at("/refused", "GET", "/a?b", &GOES).await;
    assert!(answer.body.contains("href=\"&#x2F;a?b\""), "{}", answer.body);
    let answer = ada.ask_at("/refused", "GET", "//evil.example/a", &GOES).await;
    assert_eq!(answer.status, Status::Forbidden);
    assert!(!answer.body.contains("evil.example"), "{}", answer.body);
}

#[rocket::async_test]
async fn a_page_that_wants_the_password_again_gets_it_and_the_copy_of_a_cookie_gains_nothing() {
    let app = start().await;
    let mut wiki = draft("wiki", WIKI, "members");
    wiki.confirm_seconds = Some(900);
    guard(&app, wiki).await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    app.pass(Duration::minutes(16)).await;
    let copy = Person { there: ada.there.copied(), ..Person::stranger(&app) };
    let answer = ada.fetch("/a").await;
    assert!(answer.body.contains("confirm_required"), "{}", answer.body);
    let location = ada.go("/a?b=c").await.location.unwrap();
    let (confirm, _) = ada.follow(location).await;
    let (_, path) = split(confirm.split(' ').next().unwrap());
    assert!(path.starts_with("/confirm?next=/enter"), "{path}");
    let page = ada.here.get(path).await;
    let next = page.value_of("next");
    let fields = [("password", crate::app::PASSWORD), ("next", &*next)];
    let on = ada.here.post_with("/confirm", &page.csrf(), &fields).await.location.unwrap();
    let to = ada.here.get(&on).await.page().attributes("meta[http-equiv=refresh]", "content");
    let to = to[0].split_once("url=").unwrap().1.to_owned();
    let (end, _) = ada.follow(format!("http://localhost:8000{to}")).await;
    assert_eq!(end, format!("http://{WIKI}/a?b=c"));
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
    assert_eq!(copy.fetch("/a").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn what_is_the_applications_own_is_left_alone() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    for value in ["Basic YXBwOmFwcA==", "Bearer other", "word"] {
        let answer = ada.ask("GET", "/a", &[("Authorization", value)]).await;
        assert_eq!(answer.status, Status::Ok);
        assert_eq!(answer.header("Authorization"), Some(value));
    }
}

#[rocket::async_test]
async fn a_rule_for_reading_is_not_about_requests_whose_headers_name_another_method() {
    let app = start().await;
    let rules =
        serde_json::json!([{ "path": "/share/*", "needs": "public", "reading_only": true }]);
    guard(&app, with_rules(draft("wiki", WIKI, "members"), rules)).await;
    let stranger = Person::stranger(&app);
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        for written in [name.to_owned(), name.replace('-', "_"), name.replace('-', ".")] {
            let status = stranger.ask("GET", "/share/a", &[(&*written, "DELETE")]).await.status;
            assert_eq!(status, Status::Unauthorized, "{written}");
            let status = stranger.ask("GET", "/share/a", &[(&*written, "")]).await.status;
            assert_eq!(status, Status::Ok, "{written}");
        }
    }
    let mixed = stranger.ask("GET", "/share/a", &[("x_http-METHOD.override", "DELETE")]).await;
    assert_eq!(mixed.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_preflight_passes_what_somebody_may_open_and_nothing_else() {
    let app = start().await;
    let rules = serde_json::json!([{ "path": "/closed*", "needs": "nobody" }]);
    let mut wiki = with_rules(draft("wiki", WIKI, "members"), rules);
    wiki.let_preflight = true;
    guard(&app, wiki).await;
    let stranger = Person::stranger(&app);
    let asks = [("Origin", "https://a.org"), ("Access-Control-Request-Method", "PUT")];
    assert_eq!(stranger.ask("OPTIONS", "/a", &asks).await.status, Status::Ok);
    assert_eq!(stranger.ask("OPTIONS", "/a", &asks[..1]).await.status, Status::Unauthorized);
    for path in ["/closed", "/a/../closed"] {
        let status = stranger.ask("OPTIONS", path, &asks).await.status;
        assert_eq!(status, Status::Forbidden, "{path}");
    }
}

#[rocket::async_test]
async fn what_is_public_stays_open_to_strangers_while_the_database_is_gone() {
    let app = start().await;
    let rules = serde_json::json!([{ "path": "/share/*", "needs": "public" }]);
    guard(&app, with_rules(draft("wiki", WIKI, "members"), rules)).await;
    let (stranger, ada) = (Person::stranger(&app), Person::named(&app, "ada", &[]).await);
    ada.enter().await;
    app.doorward.db.clone().close().await;
    // Until nobody may rely on what was read of applications and revocations.
    rocket::tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let answer = stranger.fetch("/share/a").await;
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);
    assert_eq!(answer.header("Remote-User"), Some(""));
    for (person, path) in [(&stranger, "/a"), (&ada, "/a"), (&ada, "/share/a")] {
        for answer in [person.fetch(path).await, person.go(path).await] {
            assert_eq!(answer.status, Status::ServiceUnavailable, "{path}: {}", answer.body);
        }
    }
    let elsewhere = Person { slug: "wiki", host: FILES, ..Person::stranger(&app) };
    assert_eq!(elsewhere.fetch("/share/a").await.status, Status::ServiceUnavailable);
}

#[rocket::async_test]
async fn what_lets_a_request_pass_has_what_its_proxy_takes_and_nothing_else() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let answer = ada.ask("GET", "/a", &[]).await;
    let mut names: Vec<String> =
        answer.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    assert_eq!(
        names.join(" "),
        "cache-control remote-email remote-groups remote-name remote-user vary x-doorward-assertion"
    );
}
