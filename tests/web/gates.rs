//! Rules for every route, checked on the routes that are really mounted.
//! Rocket lets anyone into a route without a guard; these tests do not.

use doorward::base::keys::Purpose;
use doorward::base::store::{Column, Table};
use doorward::domain::sessions::Audience;
use doorward::domain::sessions::tokens::access::{Claims, Issuer};
use rocket::http::{Method, Status};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use shared::routes::filled;
use time::Duration;

use crate::app::App;
use crate::guarding::{guard, wiki};

/// The addresses for proxies and applications: open to strangers, and no pages.
const GUARDING: [&str; 10] = [
    // Only proxies may ask, and not at our own host.
    "/auth/verify/<slug>",
    "/auth/verify/<slug>/nginx",
    "/auth/verify/<slug>/refused",
    // Only on the hosts of applications.
    "/.doorward/callback",
    "/.doorward/enter",
    "/.doorward/entered",
    "/.doorward/explain",
    "/.doorward/leave",
    "/.doorward/static/<name>",
    // Public keys.
    "/.well-known/jwks.json",
];

/// The only other addresses a stranger may reach.
const PUBLIC: [&str; 14] = [
    "/",
    "/login",
    "/register",
    "/setup",
    "/recover/<token>",
    "/healthz",
    "/readyz",
    // Not there for strangers from elsewhere.
    "/metrics",
    "/misdirected",
    "/static/<name>",
    "/api/login",
    "/api/refresh",
    // These two answer strangers with 401 in JSON.
    "/api/logout",
    "/api/me",
];

/// Other addresses that show something else than their page to somebody signed in.
const ELSEWHERE: [&str; 12] = [
    // They go on from what an application sent.
    "/enter",
    "/enter/on",
    "/leave",
    "/",
    "/login",
    "/setup",
    "/recover/<token>",
    "/misdirected",
    "/static/<name>",
    "/readyz",
    "/api/me",
    "/metrics",
];

/// Whether an address is in that list, or one for proxies and applications.
fn is_in(list: &[&str], address: &str) -> bool {
    list.contains(&address) || GUARDING.contains(&address)
}

fn guarded(app: &App, method: Method) -> Vec<String> {
    let paths = app.addresses(method).into_iter();
    let paths: Vec<_> = paths.filter(|path| !is_in(&PUBLIC, path)).collect();
    assert!(!paths.is_empty());
    paths
}

/// An app with somebody who may do everything, and their id.
pub async fn with_admin() -> (App, String) {
    let app = App::start().await;
    let id = app.account("root-of-all", &["admin", "editors"]).await.id.to_string();
    guard(&app, wiki()).await;
    (app, id)
}

#[rocket::async_test]
async fn there_are_only_get_and_post_routes() {
    let app = App::start().await;
    for route in app.client.rocket().routes() {
        assert!(matches!(route.method, Method::Get | Method::Post), "{route}");
    }
}

#[rocket::async_test]
async fn every_route_but_the_public_ones_asks_a_stranger_to_log_in() {
    let (app, id) = with_admin().await;
    for pattern in guarded(&app, Method::Get) {
        let answer = app.browser().get(&filled(&pattern, &id)).await;
        assert_eq!(answer.status, Status::SeeOther, "{pattern}");
        let to = answer.location.unwrap();
        assert!(to.starts_with("/login?next="), "{pattern}: {to}");
    }
    for pattern in guarded(&app, Method::Post) {
        let answer = app.browser().post_with(&filled(&pattern, &id), "", &[]).await;
        let to = answer.location.unwrap_or_default();
        assert!(to.starts_with("/login?next="), "POST {pattern}: {} {to}", answer.status);
    }
}

#[rocket::async_test]
async fn every_form_needs_its_csrf_token() {
    let (app, id) = with_admin().await;
    for pattern in app.addresses(Method::Post) {
        if pattern.starts_with("/api/") {
            continue; // No cookies are read there.
        }
        let path = filled(&pattern, &id);
        let admin = app.signed_in("root-of-all").await;
        for wrong in
            ["", "forged", "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
        {
            let answer = admin.post_with(&path, wrong, &[]).await;
            let gone = answer.status == Status::NotFound
                && ["/setup", "/recover/A"].contains(&path.as_str());
            assert!(answer.status == Status::Forbidden || gone, "{pattern}: {}", answer.status);
        }
    }
}

#[rocket::async_test]
async fn every_form_of_another_site_is_refused_though_its_token_is_right() {
    let (app, id) = with_admin().await;
    let admin = app.signed_in("root-of-all").await;
    let token = admin.get("/account").await.button_csrf();
    let body = format!("csrf={token}");
    for pattern in app.addresses(Method::Post) {
        if pattern.starts_with("/api/") {
            continue;
        }
        let foreign: [&[(&str, &str)]; 7] = [
            &[],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "none")],
            &[("Origin", "null")],
            &[("Origin", "http://localhost:8000.evil.example")],
            &[("Referer", "http://localhost:80001/")],
        ];
        for headers in foreign {
            let answer =
                admin.send(Method::Post, &filled(&pattern, &id), Some(&body), headers).await;
            assert_eq!(answer.status, Status::Forbidden, "{pattern} {headers:?}");
            // And not for a token that is good for another form only.
            let why = "not sent from a page of this site";
            assert!(answer.body.contains(why), "{pattern} {headers:?}: {}", answer.body);
        }
    }
    assert!(admin.is_signed_in().await, "nothing was done");
}

#[rocket::async_test]
async fn every_staff_route_is_forbidden_to_members_however_it_is_written() {
    let (app, id) = with_admin().await;
    let member = app.member("ada").await;
    for pattern in app.addresses(Method::Get) {
        if !pattern.starts_with("/admin") {
            continue;
        }
        let path = filled(&pattern, &id);
        for path in
            [path.clone(), format!("{path}/"), format!("/{path}"), path.replacen('a', "%61", 1)]
        {
            let status = member.get(&path).await.status;
            assert!([Status::Forbidden, Status::NotFound].contains(&status), "{path}: {status}");
        }
        assert_eq!(member.get(&path).await.status, Status::Forbidden, "{path}");
    }
}

#[rocket::async_test]
async fn every_page_renders_for_an_administrator() {
    let (app, id) = with_admin().await;
    let admin = app.signed_in("root-of-all").await;
    for pattern in app.addresses(Method::Get) {
        let answer = admin.get(&filled(&pattern, &id)).await;
        if is_in(&ELSEWHERE, &pattern) {
            assert!(answer.status.code < 500 || pattern == "/readyz", "{pattern}");
        } else {
            assert_eq!(answer.status, Status::Ok, "{pattern}");
        }
    }
}

/// Every row of every table but the audit log, as text.
async fn everything_kept(app: &App) -> Vec<String> {
    let db = app.doorward.db.read();
    let backend = db.get_database_backend();
    let mut kept = vec![];
    for Table { name: table, columns, .. } in doorward::service::catalog::tables() {
        if table == "audit_events" {
            continue;
        }
        let quoted = columns.iter().map(|Column { name, .. }| match backend {
            DbBackend::Sqlite => format!("quote(\"{name}\")"),
            _ => format!("quote_nullable(\"{name}\"::text)"),
        });
        let row = quoted.collect::<Vec<_>>().join(" || ' ' || ");
        let sql = format!("SELECT {row} AS kept FROM \"{table}\" ORDER BY 1");
        for row in db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap() {
            kept.push(format!("{table}: {}", row.try_get::<String>("", "kept").unwrap()));
        }
    }
    assert!(kept.len() > 3, "{kept:?}");
    kept
}

#[rocket::async_test]
async fn looking_changes_nothing() {
    let (app, id) = with_admin().await;
    let (admin, member) = (app.signed_in("root-of-all").await, app.member("ada").await);
    let stranger = app.browser();
    let before = (everything_kept(&app).await, crate::audit::events(&app).await);
    for pattern in app.addresses(Method::Get) {
        // Taking data out and being refused are written into the audit log.
        if pattern.ends_with(".csv") || pattern.ends_with(".jsonl") {
            continue;
        }
        let path = filled(&pattern, &id);
        for browser in [&admin, &stranger] {
            browser.get(&path).await;
            browser.send(Method::Head, &path, None, &[]).await;
        }
        if !pattern.starts_with("/admin") {
            member.get(&path).await;
        }
    }
    let after = (everything_kept(&app).await, crate::audit::events(&app).await);
    assert_eq!(before, after);
    // Taking data out changes nothing else.
    let (kept, mut events) = before;
    for pattern in app.addresses(Method::Get) {
        if pattern.ends_with(".csv") || pattern.ends_with(".jsonl") {
            assert_eq!(admin.get(&pattern).await.status, Status::Ok, "{pattern}");
            events.push("audit.exported".to_owned());
        }
    }
    assert_eq!(everything_kept(&app).await, kept);
    assert_eq!(crate::audit::events(&app).await, events);
}

#[rocket::async_test]
async fn the_sections_of_a_page_follow_the_same_permissions_as_its_routes() {
    let app = App::start().await;
    for (name, roles, sees_admin) in [
        ("plain", &[][..], false),
        ("helper", &["support"][..], true),
        ("reader", &["auditor"][..], true),
        ("chief", &["admin"][..], true),
        ("editor", &["editors"][..], false),
    ] {
        app.account(name, roles).await;
        let browser = app.signed_in(name).await;
        let shown = browser.get("/account").await.page().links_to("/admin");
        assert_eq!(shown, sees_admin, "{name}");
        let status = browser.get("/admin/accounts").await.status;
        assert_eq!(status == Status::Ok, sees_admin, "{name}");
    }
}

#[rocket::async_test]
async fn a_demoted_administrator_is_kept_out_on_the_next_request() {
    use doorward::domain::accounts::permissions::Roles;
    use doorward::domain::administration::{self, Change};
    use doorward::domain::audit::RequestSource;
    use doorward::domain::sessions::Actor;
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let other = app.account("other", &["admin"]).await;
    let browser = app.signed_in("other").await;
    assert_eq!(browser.get("/admin/accounts").await.status, Status::Ok);
    let origin = RequestSource::command_line();
    let actor = Actor::operator(&origin);
    let now = app.clock().now();
    administration::set_roles(
        &app.doorward.sessions,
        other.id,
        Change { shown: None, roles: &Roles::default() },
        actor,
        now,
    )
    .await
    .unwrap();
    assert_eq!(browser.get("/admin/accounts").await.status, Status::Forbidden);
    assert!(!browser.get("/account").await.page().links_to("/admin"));
}

/// Tokens with our signature that state what we never state: the guards do not
/// rely on it.
#[rocket::async_test]
async fn a_token_that_names_another_session_than_one_of_the_accounts_in_a_browser_is_not_enough() {
    let app = App::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let (script, _) = app.api_tokens("ada").await;
    let ring = app.doorward.keys.ring();
    let issuer = Issuer::new("http://localhost:8000", Duration::minutes(10));
    let read = |client, token: &str| {
        issuer.verify(&ring, client, token, app.clock().now()).expect("a token of ours")
    };
    let own = read(Audience::Web, &ada.cookie("__Host-at").unwrap());
    let other = read(Audience::Web, &bob.cookie("__Host-at").unwrap());
    let of_script = read(Audience::Api, &script);
    for (what, claims, opens) in [
        ("her own", own.clone(), true),
        ("of another account", Claims { sub: own.sub, ..other }, false),
        ("of a script", Claims { sub: own.sub, ..of_script }, false),
    ] {
        let token = issuer.issue(ring.signing(Purpose::Access), Audience::Web, &claims).unwrap();
        let browser = app.browser();
        browser.cookies.set("__Host-at", &token);
        let status = browser.get("/account/password").await.status;
        assert_eq!(status == Status::Ok, opens, "{what}: {status}");
    }
}

#[rocket::async_test]
async fn what_changes_state_asks_the_database_whether_session_and_account_are_live() {
    for change in ["UPDATE sessions SET ended_at = 1", "UPDATE accounts SET disabled_at = 1"] {
        let app = App::start().await;
        let ada = app.member("ada").await;
        // As another server would, which this one has not heard of yet.
        app.doorward.db.write().execute_unprepared(change).await.unwrap();
        assert!(ada.is_signed_in().await, "{change}: the access token is still good");
        let to = ada.get("/account/password").await.location.unwrap_or_default();
        assert!(to.starts_with("/login?next="), "{change}: {to}");
    }
}
