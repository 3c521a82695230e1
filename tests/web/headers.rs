use rocket::http::{Method, Status};
use shared::page::Page;
use shared::routes::filled;

use crate::app::{Answer, App};
use crate::gates::with_admin;

fn has_security_headers(answer: &Answer) {
    let policy = answer.header("content-security-policy").expect("a policy");
    for part in [
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert!(answer.header("permissions-policy").is_some());
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("server"), None);
    assert!(
        answer.headers.iter().all(|(name, _)| !name.to_lowercase().starts_with("access-control"))
    );
}

#[rocket::async_test]
async fn every_answer_has_the_security_headers() {
    let (app, id) = with_admin().await;
    let (admin, stranger) = (app.signed_in("root-of-all").await, app.browser());
    let mut paths: Vec<String> =
        app.addresses(Method::Get).iter().map(|pattern| filled(pattern, &id)).collect();
    paths.extend(["/nowhere", "/api/nowhere", "/static/nothing.css"].map(str::to_owned));
    for path in &paths {
        for browser in [&admin, &stranger] {
            let answer = browser.get(path).await;
            has_security_headers(&answer);
            // The same for everybody: `assertion` has its headers.
            if path == "/.well-known/jwks.json" {
                continue;
            }
            let kept = answer.header("cache-control").unwrap_or_default();
            assert!(kept.contains("no-store"), "{path}: {kept}");
            assert_eq!(answer.header("vary"), Some("Cookie"), "{path}");
        }
    }
    for pattern in app.addresses(Method::Post) {
        has_security_headers(&admin.post_with(&filled(&pattern, &id), "forged", &[]).await);
    }
    has_security_headers(&admin.send(Method::Put, "/account", None, &[]).await);
}

/// The files that a page loads.
fn files_of(page: &Page) -> Vec<String> {
    let styles = page.attributes("link[href^='/static/']", "href");
    [styles, page.attributes("[src^='/static/']", "src")].concat()
}

#[rocket::async_test]
async fn every_body_says_what_it_is_and_how_text_is_encoded() {
    let (app, id) = with_admin().await;
    let admin = app.signed_in("root-of-all").await;
    let mut paths: Vec<String> =
        app.addresses(Method::Get).iter().map(|pattern| filled(pattern, &id)).collect();
    paths.extend(files_of(&app.browser().get("/login").await.page()));
    paths.extend(["/nowhere", "/api/nowhere"].map(str::to_owned));
    let mut seen = std::collections::BTreeSet::new();
    for path in paths {
        let answer = admin.get(&path).await;
        if answer.body.is_empty() {
            continue;
        }
        let kind = answer.header("content-type").unwrap_or_default().to_owned();
        let json = ["application/json", "application/jsonl"].contains(&kind.as_str());
        assert!(json || kind.ends_with("; charset=utf-8"), "{path}: {kind}");
        seen.insert(kind.split(';').next().unwrap().to_owned());
    }
    for kind in ["text/html", "text/css", "text/csv", "image/svg+xml", "application/json"] {
        assert!(seen.contains(kind), "{kind}: {seen:?}");
    }
}

#[rocket::async_test]
async fn static_files_are_kept_for_ever_under_hashed_names() {
    let app = App::start().await;
    let names = files_of(&app.browser().get("/login").await.page());
    assert!(names.len() >= 2, "{names:?}");
    for name in names {
        let file = app.browser().get(&name).await;
        assert_eq!(file.status, Status::Ok, "{name}");
        assert!(file.header("cache-control").unwrap().contains("immutable"));
        assert_eq!(file.header("vary"), Some("Accept-Encoding"));
        has_security_headers(&file);
    }
    for path in ["/static/", "/static/doorward.css", "/static/..%2FCargo.toml", "/static/README.md"]
    {
        assert_eq!(app.browser().get(path).await.status, Status::NotFound, "{path}");
    }
}

#[rocket::async_test]
async fn the_font_is_one_that_style_and_page_name_alike_and_has_its_type_and_licence() {
    let app = App::start().await;
    let page = app.browser().get("/login").await.page();
    let preloaded = &page.attributes("link[rel=preload][as=font]", "href")[0];
    let styles = page.attributes("link[rel=stylesheet][href*=doorward]", "href");
    let style = app.browser().get(&styles[0]).await.body;
    assert!(style.contains(&format!("url(\"..{preloaded}\")")), "{preloaded} is not in the style");
    let font = app.browser().get(preloaded).await;
    assert_eq!(font.header("content-type"), Some("font/woff2"));
    let licence = style.split('"').find(|part| part.ends_with(".txt")).expect("a licence");
    let licence = app.browser().get(licence).await.body;
    assert!(licence.contains("SIL OPEN FONT LICENSE Version 1.1"), "{licence}");
}

#[rocket::async_test]
async fn https_is_demanded_for_years_where_the_service_has_it() {
    let plain = App::start().await;
    assert_eq!(plain.browser().get("/login").await.header("strict-transport-security"), None);
    let https = ("base_url", "\"https://localhost:8000\"");
    let safe = App::with(&[https]).await;
    let below = App::with(&[https, ("hsts_subdomains", "true")]).await;
    for path in ["/login", "/nowhere", "/healthz", "/account"] {
        for (app, value) in
            [(&safe, "max-age=63072000"), (&below, "max-age=63072000; includeSubDomains")]
        {
            let answer = app.browser().get(path).await;
            assert_eq!(answer.header("strict-transport-security"), Some(value), "{path}");
        }
    }
}

#[rocket::async_test]
async fn a_foreign_host_is_sent_to_the_right_one() {
    let app = App::start().await;
    for host in
        ["evil.example", "localhost", "localhost:8001", "localhost.:8000", "user@localhost:8000"]
    {
        let answer = at_host(&app, host, Method::Get, "/account").await;
        assert_eq!(answer.status, Status::MisdirectedRequest, "{host}");
        let page = answer.page();
        assert!(page.links_to("http://localhost:8000"), "{}", answer.body);
        let words = page.texts("main p").join(" ");
        for part in ["is set up for http://localhost:8000.", "the setting is base_url"] {
            assert!(words.contains(part), "{words}");
        }
    }
    assert_eq!(at_host(&app, "10.0.0.7", Method::Get, "/healthz").await.status, Status::Ok);
    for host in ["LOCALHOST:8000", "localhost:08000"] {
        assert_eq!(at_host(&app, host, Method::Get, "/login").await.status, Status::Ok, "{host}");
    }
}

#[rocket::async_test]
async fn the_page_for_a_foreign_host_has_its_style_and_no_other_address_answers() {
    let app = App::start().await;
    let host = "evil.example";
    let files = files_of(&at_host(&app, host, Method::Get, "/").await.page());
    assert!(files.len() >= 3, "{files:?}");
    for file in &files {
        let answer = at_host(&app, host, Method::Get, file).await;
        assert_eq!(answer.status, Status::Ok, "{file}");
        assert_eq!(answer.header("set-cookie"), None);
        let posted = at_host(&app, host, Method::Post, file).await;
        assert_eq!(posted.status, Status::MisdirectedRequest, "{file}");
    }
    let escaped = files[0].replacen('.', "%2e", 1);
    for path in ["/static/", "/static/doorward.css", "/static/../login", "/static/x/", &escaped] {
        let answer = at_host(&app, host, Method::Get, path).await;
        assert_eq!(answer.status, Status::MisdirectedRequest, "{path}");
    }
}

async fn at_host(app: &App, host: &str, method: Method, path: &str) -> Answer {
    app.browser().send(method, path, None, &[("Host", host)]).await
}

#[rocket::async_test]
async fn failures_are_pages_for_people_and_json_for_programs() {
    let app = App::start().await;
    let page = app.browser().get("/nowhere").await;
    assert_eq!(page.status, Status::NotFound);
    assert!(page.body.contains("<h1") && page.body.contains("Page not found"));
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let json = app.browser().get("/api/nowhere").await;
    let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(json["error"], "not_found");
    assert!(json["message"].is_string());
}
