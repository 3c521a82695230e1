//! Applications that are guarded: the check and the handshake, as a proxy and a
//! browser see them. With real proxies: `tests/server/guarding`.

use doorward::domain::applications::{Change, Draft, change_applications};
use doorward::domain::audit::RequestSource;
use doorward::domain::sessions::Actor;
use rocket::http::{Method, Status};
use time::Duration;

use crate::app::{Answer, App, Browser};

const PROXY: &str = "127.0.0.9";
pub const WIKI: &str = "wiki.localhost:9000";
const FILES: &str = "files.localhost:9000";

pub async fn start() -> App {
    let settings = [("trusted_proxies", r#"["127.0.0.9"]"#), ("registration", "\"closed\"")];
    let app = App::with(&settings).await;
    guard(&app, draft("wiki", WIKI, "members")).await;
    app
}

pub fn draft(slug: &str, host: &str, needs: &str) -> Draft {
    serde_json::from_value(serde_json::json!({
        "slug": slug, "name": slug.to_uppercase(), "hosts": [host], "needs": needs,
    }))
    .unwrap()
}

/// An application with a rule.
pub fn wiki() -> Draft {
    let rules = serde_json::json!([{ "path": "/admin*", "needs": "roles", "roles": ["admin"] }]);
    with_rules(draft("wiki", WIKI, "members"), rules)
}

pub fn with_rules(draft: Draft, rules: serde_json::Value) -> Draft {
    let mut value = serde_json::to_value(draft).unwrap();
    value["rule"] = rules;
    serde_json::from_value(value).unwrap()
}

pub async fn guard(app: &App, draft: Draft) {
    let doorward = &app.doorward;
    let parsed = draft.parse(doorward.applications.surroundings(false)).unwrap();
    let origin = RequestSource::command_line();
    let known = doorward.applications.current().by_slug(&draft.slug).is_some();
    let one = match known {
        true => Change::Replace(draft.slug.clone(), None, draft, parsed),
        false => Change::Add(draft, parsed),
    };
    let actor = Actor::operator(&origin);
    change_applications(&doorward.sessions, &[one], actor, app.clock().now()).await.unwrap();
    doorward.applications.sync(doorward.db.read()).await.unwrap();
}

/// A person with one browser, which has cookies of our host and of that of an application.
pub struct Person<'a> {
    pub here: Browser<'a>,
    pub there: Browser<'a>,
    slug: &'static str,
    host: &'static str,
}

const GOES: [(&str, &str); 2] = [("Sec-Fetch-Mode", "navigate"), ("Accept", "text/html")];
const FETCHES: [(&str, &str); 1] = [("Sec-Fetch-Mode", "cors")];

impl<'a> Person<'a> {
    pub fn stranger(app: &'a App) -> Self {
        Self::at(app.browser(), "wiki", WIKI)
    }

    pub async fn named(app: &'a App, name: &str, roles: &[&str]) -> Self {
        app.account(name, roles).await;
        Self::at(app.signed_in(name).await, "wiki", WIKI)
    }

    fn at(here: Browser<'a>, slug: &'static str, host: &'static str) -> Self {
        let there = here.app.browser_at(PROXY);
        Self { here, there, slug, host }
    }

    async fn ask(&self, method: &str, uri: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask_at("", method, uri, headers).await
    }

    async fn ask_at(
        &self,
        address: &str,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let question = [
            ("Host", "doorward.internal"),
            ("X-Forwarded-Method", method),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", self.host),
            ("X-Forwarded-Uri", uri),
        ];
        let all = [&question[..], headers].concat();
        let path = format!("/auth/verify/{}{address}", self.slug);
        self.there.send(Method::Get, &path, None, &all).await
    }

    async fn go(&self, uri: &str) -> Answer {
        self.ask("GET", uri, &GOES).await
    }

    pub async fn fetch(&self, uri: &str) -> Answer {
        self.ask("GET", uri, &FETCHES).await
    }

    /// Follows redirects between the two hosts; returns where the browser ends
    /// up, and over how many.
    async fn follow(&self, mut to: String) -> (String, usize) {
        for count in 0..10 {
            let (host, path) = split(&to);
            let answer = match host {
                "localhost:8000" => self.here.get(path).await,
                host if host == self.host && path.starts_with("/.doorward/") => {
                    self.there.send(Method::Get, path, None, &[("Host", host)]).await
                }
                _ => return (to, count),
            };
            match answer.location {
                Some(next) if next.starts_with("http") => to = next,
                Some(next) => to = format!("http://{host}{next}"),
                None => return (format!("{to} {}", answer.body), count),
            }
        }
        panic!("redirected without end: {to}");
    }

    pub async fn enter(&self) {
        let location = self.go("/a?b=c").await.location.expect("led away");
        let (end, _) = self.follow(location).await;
        assert_eq!(end, format!("http://{}/a?b=c", self.host));
    }
}

fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

#[rocket::async_test]
async fn a_stranger_who_goes_to_a_page_is_led_to_sign_in_and_a_script_is_told() {
    let app = start().await;
    let stranger = Person::stranger(&app);
    let answer = stranger.go("/a?b=c").await;
    assert_eq!(answer.status, Status::SeeOther);
    let expected = format!("http://{WIKI}/.doorward/enter?to=%2Fa%3Fb%3Dc");
    assert_eq!(answer.location.as_deref(), Some(&*expected));
    for headers in
        [&FETCHES[..], &[("Accept", "*/*")], &[("Accept", "text/html"), ("X-Requested-With", "x")]]
    {
        let answer = stranger.ask("GET", "/a", headers).await;
        assert_eq!((answer.status, answer.location.as_ref()), (Status::Unauthorized, None));
        assert!(answer.body.contains("login_required"), "{}", answer.body);
        assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer realm=\"wiki\""));
    }
    let upgrade = [GOES[0], ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "x")];
    assert_eq!(stranger.ask("GET", "/a", &upgrade).await.status, Status::Unauthorized);
    for address in ["/nginx", "/refused"] {
        let expected = if address == "/nginx" { Status::Unauthorized } else { Status::SeeOther };
        assert_eq!(stranger.ask_at(address, "GET", "/a", &GOES).await.status, expected);
    }
}

#[rocket::async_test]
async fn somebody_signed_in_enters_without_seeing_a_page_and_is_known_there() {
    let app = start().await;
    let ada = Person::named(&app, "Ada", &["editor"]).await;
    let location = ada.go("/a?b=c").await.location.unwrap();
    let (end, redirects) = ada.follow(location).await;
    assert_eq!(end, format!("http://{WIKI}/a?b=c"));
    assert!(redirects <= 3, "{redirects}");
    let answer = ada.go("/a").await;
    assert_eq!((answer.status, &*answer.body), (Status::Ok, ""));
    let header = |name| answer.header(name).unwrap_or("missing").to_owned();
    assert_eq!(header("Remote-User"), "ada");
    assert_eq!(header("Remote-Groups"), "editor");
    assert_eq!(header("Remote-Name"), "ada");
    assert_eq!(header("Remote-Email"), "", "nobody has confirmed it");
    assert!(header("X-Doorward-Assertion").starts_with("eyJ"));
    assert_eq!(answer.header("Set-Cookie"), None);
    assert_eq!(answer.header("Authorization"), None);
    let cookie = ada.there.cookie("__Host-fa").unwrap();
    assert!(cookie.len() < 90, "{cookie}");
}

#[rocket::async_test]
async fn somebody_who_must_sign_in_lands_on_the_page_they_asked_for() {
    let app = start().await;
    app.account("ada", &[]).await;
    let person = Person::stranger(&app);
    let location = person.go("/a?b=c").await.location.unwrap();
    let (login, _) = person.follow(location).await;
    let (_, path) = split(login.split(' ').next().unwrap());
    assert!(path.starts_with("/login?next=/enter%3Fhost%3D"), "{path}");
    let page = person.here.get(path).await;
    let next = page.value_of("next");
    let fields = [("login", "ada"), ("password", crate::app::PASSWORD), ("next", &*next)];
    let answer = person.here.post_with("/login", &page.csrf(), &fields).await;
    let on = answer.location.unwrap();
    assert!(on.starts_with("/enter/on?"), "a page ends the chain of redirects: {on}");
    let page = person.here.get(&on).await;
    assert_eq!(page.status, Status::Ok);
    let refresh = page.page().attributes("meta[http-equiv=refresh]", "content");
    let to = refresh[0].split_once("url=").unwrap().1.to_owned();
    let (end, _) = person.follow(format!("http://localhost:8000{to}")).await;
    assert_eq!(end, format!("http://{WIKI}/a?b=c"));
    assert_eq!(person.go("/a").await.status, Status::Ok);
}

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
    let ours = [("Host", "localhost:8000"), ("X-Forwarded-Method", "GET")];
    let answer = ada.there.send(Method::Get, "/auth/verify/wiki", None, &ours).await;
    assert_eq!(answer.status, Status::NotFound);
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
async fn a_cookie_of_one_host_opens_no_other_and_a_forged_one_none() {
    let app = start().await;
    guard(&app, draft("files", FILES, "members")).await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let cookie = ada.there.cookie("__Host-fa").unwrap();
    let files = Person { slug: "files", host: FILES, ..Person::stranger(&app) };
    for value in [&*cookie, &cookie[..cookie.len() - 1], "fa1.AAAAAAAAAAAAAAAAAAAAAA.AAAA", ""] {
        let header = format!("__Host-fa={value}");
        let headers = [FETCHES[0], ("Cookie", &*header)];
        assert_eq!(files.ask("GET", "/a", &headers).await.status, Status::Unauthorized, "{value}");
    }
    let wiki = Person::stranger(&app);
    for header in [
        format!("__Host-fa={cookie}; __Host-fa={cookie}"),
        format!("__%48ost-fa={cookie}"),
        format!("__Host-fa={cookie}A"),
    ] {
        let headers = [FETCHES[0], ("Cookie", &*header)];
        assert_eq!(wiki.ask("GET", "/a", &headers).await.status, Status::Unauthorized, "{header}");
    }
    let header = format!("__Host-fa={cookie}");
    assert_eq!(wiki.ask("GET", "/a", &[("Cookie", &*header)]).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_code_is_good_once_for_the_browser_that_asked_for_it() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    let begin = async |person: &Person<'_>| {
        let enter = person.go("/a").await.location.unwrap();
        let (_, path) = split(&enter);
        let at = [("Host", WIKI)];
        let to = person.there.send(Method::Get, path, None, &at).await.location.unwrap();
        let (_, path) = split(&to);
        person.here.get(path).await.location.unwrap()
    };
    let callback = begin(&ada).await;
    let (_, path) = split(&callback);
    // Somebody else's browser: nobody is signed in as ada there, and the code is dead.
    let victim = app.browser_at(PROXY);
    let answer = victim.send(Method::Get, path, None, &[("Host", WIKI)]).await;
    assert_eq!(victim.cookie("__Host-fa"), None);
    assert!(answer.location.unwrap().starts_with("/.doorward/enter?to="));
    let answer = ada.there.send(Method::Get, path, None, &[("Host", WIKI)]).await;
    assert_eq!(ada.there.cookie("__Host-fa"), None, "used up");
    assert_eq!(answer.location.as_deref(), Some("/.doorward/enter?to=%2Fa&attempt=1"));
    // A minute later.
    let callback = begin(&ada).await;
    app.pass(Duration::seconds(61)).await;
    ada.there.send(Method::Get, split(&callback).1, None, &[("Host", WIKI)]).await;
    assert_eq!(ada.there.cookie("__Host-fa"), None);
    // And at once.
    let callback = begin(&ada).await;
    ada.there.send(Method::Get, split(&callback).1, None, &[("Host", WIKI)]).await;
    assert!(ada.there.cookie("__Host-fa").is_some());
}

#[rocket::async_test]
async fn a_browser_that_keeps_no_cookies_ends_on_a_page_that_says_so() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    let mut to = ada.go("/a").await.location.unwrap();
    for _ in 0..12 {
        let (host, path) = split(&to);
        let answer = match host {
            "localhost:8000" => ada.here.get(path).await,
            host => {
                let forgetful = app.browser_at(PROXY);
                forgetful.send(Method::Get, path, None, &[("Host", host)]).await
            }
        };
        match answer.location {
            Some(next) if next.starts_with("http") => to = next,
            Some(next) => to = format!("http://{host}{next}"),
            None => {
                assert_eq!(answer.status, Status::Forbidden);
                assert!(answer.body.contains("sent no cookie back"), "{}", answer.body);
                assert!(answer.body.contains("/.doorward/static/"), "its style is there");
                return;
            }
        }
    }
    panic!("without end");
}

#[rocket::async_test]
async fn an_address_that_claims_many_attempts_ends_on_that_page_at_once() {
    let app = start().await;
    let there = app.browser_at(PROXY);
    let host = [("Host", WIKI)];
    let led = there.send(Method::Get, "/.doorward/enter?attempt=255", None, &host).await;
    let state = led.location.unwrap().split_once("state=").unwrap().1.to_owned();
    let path = format!("/.doorward/callback?code=a&state={state}");
    let answer = there.send(Method::Get, &path, None, &host).await;
    assert_eq!(answer.status, Status::Forbidden);
}

#[rocket::async_test]
async fn a_form_that_came_too_late_can_be_sent_again() {
    let app = start().await;
    let stranger = Person::stranger(&app);
    let own = [GOES[0], ("Sec-Fetch-Site", "same-origin")];
    let answer = stranger.ask("POST", "/edit", &own).await;
    assert_eq!(answer.status, Status::Unauthorized);
    assert!(answer.body.contains("Nothing is lost"), "{}", answer.body);
    let links = answer.page().attributes("ol a", "href");
    assert_eq!(links, ["/.doorward/enter?to=%2F.doorward%2Fentered"]);
    let foreign = [GOES[0], ("Sec-Fetch-Site", "cross-site")];
    let answer = stranger.ask("POST", "/edit", &foreign).await;
    assert_eq!(answer.status, Status::Unauthorized);
    assert!(answer.body.contains("came from another site"), "{}", answer.body);
    let script = stranger.ask("POST", "/edit", &FETCHES).await;
    assert!(script.body.contains("login_required"));
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
async fn giving_the_password_again_throws_nobody_out_of_what_is_open() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let page = ada.here.get("/confirm").await;
    let fields = [("password", crate::app::PASSWORD)];
    let answer = ada.here.post_with("/confirm", &page.csrf(), &fields).await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
    ada.here.press("/account", "/logout").await;
    assert_eq!(ada.fetch("/a").await.status, Status::Unauthorized, "with its new name, too");
}

#[rocket::async_test]
async fn one_application_can_be_left_alone() {
    let app = start().await;
    guard(&app, draft("files", FILES, "members")).await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let files = Person {
        slug: "files",
        host: FILES,
        there: app.browser_at(PROXY),
        here: ada.here.copied(),
    };
    files.enter().await;
    let answer = ada.there.send(Method::Get, "/.doorward/leave", None, &[("Host", WIKI)]).await;
    assert_eq!(answer.location.as_deref(), Some("http://localhost:8000/leave?application=wiki"));
    assert_eq!(ada.fetch("/a").await.status, Status::Ok, "a link changes nothing");
    let page = ada.here.get("/leave?application=wiki").await;
    let token = page.page().token_for("/leave");
    let answer = ada.here.post_with("/leave", &token, &[("application", "wiki")]).await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
    assert_eq!(ada.fetch("/a").await.status, Status::Unauthorized);
    assert_eq!(files.fetch("/a").await.status, Status::Ok);
    ada.enter().await;
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
}

#[rocket::async_test]
async fn an_entry_ends_the_earlier_ones_of_the_same_browser_and_a_day_ends_all() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let copy = Person { there: ada.there.copied(), ..Person::stranger(&app) };
    assert_eq!(copy.fetch("/a").await.status, Status::Ok);
    app.pass(Duration::minutes(2)).await;
    ada.there.forget("__Host-fa");
    ada.enter().await;
    assert_eq!(copy.fetch("/a").await.status, Status::Unauthorized);
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
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
async fn people_find_the_applications_that_they_may_open() {
    let app = start().await;
    let ada = app.member("ada").await;
    let mut files = draft("files", FILES, "roles");
    files.roles = vec!["admin".to_owned()];
    guard(&app, files).await;
    let mut hidden = draft("hidden", "hidden.localhost:9000", "public");
    hidden.listed = false;
    guard(&app, hidden).await;
    let page = ada.get("/account").await.page();
    let links = page.attributes("[aria-labelledby=applications] a", "href");
    assert_eq!(links, [format!("http://{WIKI}/")]);
}

#[rocket::async_test]
async fn staff_add_change_and_remove_an_application_and_take_it_back() {
    let app = start().await;
    app.account("bob", &["editor"]).await;
    let chief = app.staff("chief", "admin").await;
    const WHY: (&str, &str) = ("reason", "a test");
    let fields = [
        ("slug", "files"),
        ("name", "Files"),
        ("hosts", FILES),
        ("needs", "roles"),
        ("role.editor", "on"),
        ("identity", "both"),
    ];
    let silent = chief.post("/admin/applications/new", &fields).await;
    assert_eq!(silent.status, Status::UnprocessableEntity);
    assert!(silent.field_error("reason").contains("Enter a reason"), "{}", silent.body);
    assert_eq!(silent.value_of("hosts"), FILES, "what was typed is kept");
    assert!(silent.page().is_ticked("role.editor"));
    let taken = [fields[0], fields[1], ("hosts", WIKI), ("needs", "nobody"), fields[5], WHY];
    let taken = chief.post("/admin/applications/new", &taken).await;
    assert!(taken.field_error("hosts").contains("belongs to one application"), "{}", taken.body);
    let ours =
        [fields[0], fields[1], ("hosts", "localhost:1"), ("needs", "nobody"), fields[5], WHY];
    let ours = chief.post("/admin/applications/new", &ours).await;
    assert!(ours.field_error("hosts").contains("host of Doorward itself"), "{}", ours.body);
    let added = chief.post("/admin/applications/new", &[&fields[..], &[WHY]].concat()).await;
    assert_eq!(added.location.as_deref(), Some("/admin/applications/files"), "{}", added.body);
    let known =
        || app.doorward.applications.current().by_slug("files").map(|found| found.draft.clone());
    assert_eq!(known().unwrap().roles, ["editor"]);
    let seen = chief.get("/admin/applications/files/new-rule").await.value_of("seen");
    let rule = [("seen", &*seen), ("path", "/pub*"), ("needs", "public"), WHY];
    let wide = chief.post("/admin/applications/files/new-rule", &rule).await;
    assert!(wide.field_error("path").contains("ends with /*"), "{}", wide.body);
    let rule = [("seen", &*seen), ("path", "/pub/*"), ("needs", "public"), WHY];
    let added = chief.post("/admin/applications/files/new-rule", &rule).await;
    assert_eq!(added.status, Status::SeeOther, "{}", added.body);
    // A page that was drawn before: nothing of the other change is lost.
    let other = [rule[0], ("path", "/other/*"), rule[2], WHY];
    let late = chief.post("/admin/applications/files/new-rule", &other).await;
    assert!(late.body.contains("changed or removed meanwhile"), "{}", late.body);
    assert_eq!(known().unwrap().rules.len(), 1);
    chief.post("/admin/applications/files/rules/0/remove", &[WHY]).await;
    assert_eq!(known().unwrap().rules.len(), 0);
    let shown = chief.get("/admin/applications/files").await;
    let undo = shown.hidden();
    chief.post_with("/admin/undo/applications", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(known().unwrap().rules.len(), 1);
    chief.post("/admin/applications/files/remove", &[WHY]).await;
    assert!(known().is_none());
    let shown = chief.get("/admin/applications").await;
    let undo = shown.hidden();
    chief.post_with("/admin/undo/applications", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(known().unwrap().rules.len(), 1);
}

#[rocket::async_test]
async fn members_who_may_all_register_are_let_in_only_where_that_is_said() {
    let app = App::with(&[("trusted_proxies", r#"["127.0.0.9"]"#)]).await;
    let chief = app.staff("chief", "admin").await;
    let fields = [
        ("slug", "wiki"),
        ("name", "Wiki"),
        ("hosts", WIKI),
        ("needs", "members"),
        ("identity", "both"),
        ("reason", "a test"),
    ];
    let refused = chief.post("/admin/applications/new", &fields).await;
    let why = refused.field_error("anyone_may_register");
    assert!(why.contains("Everyone can create an account here"), "{}", refused.body);
    let said = [&fields[..], &[("anyone_may_register", "on")]].concat();
    let added = chief.post("/admin/applications/new", &said).await;
    assert_eq!(added.status, Status::SeeOther, "{}", added.body);
}

#[rocket::async_test]
async fn an_application_is_told_the_new_name_of_a_renamed_account_with_the_next_request() {
    let app = start().await;
    let chief = app.staff("chief", "admin").await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    assert_eq!(ada.fetch("/a").await.header("Remote-User"), Some("ada"));
    let path = format!("/admin/accounts/{}/edit", app.id_of("ada").await);
    let fields = [
        ("username", "adele"),
        ("email", "ada@example.org"),
        ("display_name", ""),
        ("shown_username", "ada"),
        ("shown_email", "ada@example.org"),
        ("shown_display_name", ""),
        ("reason", "a test"),
    ];
    let answer = chief.post(&path, &fields).await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
    assert_eq!(ada.fetch("/a").await.header("Remote-User"), Some("adele"));
}
