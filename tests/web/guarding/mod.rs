//! Applications that are guarded: the check and the handshake, as a proxy and a
//! browser see them. With real proxies: `tests/server/guarding`.

mod check;
mod doctor;
mod entering;
mod explained;
mod refusals;
mod staff;
mod tokens;

use doorward::domain::accounts::AccountId;
use doorward::domain::applications::{Change, Draft, change_applications};
use doorward::domain::audit::RequestSource;
use doorward::domain::entries::{self, Nonce};
use doorward::domain::sessions::{self, Actor};
use rocket::http::Method;

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

/// Every session of that account enters the application of that short name.
pub async fn entered(app: &App, name: &str, slug: &str) {
    let (doorward, now) = (&app.doorward, app.clock().now());
    let account = AccountId(app.id_of(name).await.parse().unwrap());
    let found = doorward.applications.current().by_slug(slug).cloned().unwrap();
    let host = found.application.hosts[0].single().unwrap();
    let (place, challenge) = ((found.id, &host), Nonce::fresh().challenge());
    let here = RequestSource::command_line();
    for session in sessions::live_of(doorward.db.read(), account, now).await.unwrap() {
        let code = entries::code(&doorward.db, session.sid, place, challenge, now).await.unwrap();
        let entry = entries::enter(&doorward.sessions, &code, place, Some(challenge), &here, now);
        entry.await.unwrap().unwrap();
    }
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
