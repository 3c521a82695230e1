//! A running app on an empty database, and browsers for it.

use std::net::IpAddr;
use std::sync::Arc;

use doorward::base::clock::Clock;
use doorward::domain::accounts::names::{EmailAddress, LoginName, RoleName, Username};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, Account, NewAccount};
use doorward::domain::administration;
use doorward::domain::audit::{self, Entry, RequestSource};
use doorward::domain::passwords::hash::PasswordHash;
use doorward::domain::passwords::policy::Password;
use doorward::domain::sessions::Actor;
use doorward::service::Doorward;
use doorward::service::settings::{self, Settings};
use doorward::web;
use rocket::figment::Figment;
use rocket::http::{ContentType, Header, Method, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::tokio::sync::OnceCell;
use shared::forms;
use shared::jar::Jar;
use shared::page::Page;
use time::Duration;

pub use shared::PASSWORD;

pub struct App {
    pub client: Client,
    pub doorward: Arc<Doorward>,
    _folder: tempfile::TempDir,
}

impl App {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With settings of its own, by their names in `[default.doorward]`. Hashing
    /// is far cheaper than a service may have it.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::hashing(Some((64, 1)), settings).await
    }

    /// Where a hash costs what it costs a service by default.
    pub async fn with_real_hashes(settings: &[(&str, &str)]) -> Self {
        Self::hashing(None, settings).await
    }

    async fn hashing(cost: Option<(u32, u32)>, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut figment = Figment::from(rocket::Config::release_default())
            .merge(("doorward.data_dir", folder.path().to_str().unwrap()));
        let url = shared::databases::fresh(folder.path()).await;
        figment = figment.merge(("doorward.database_url", url));
        for (name, value) in settings {
            let value: rocket::figment::value::Value = value.parse().unwrap();
            figment = figment.merge((format!("doorward.{name}"), value));
        }
        let mut settings = Settings::from_figment(&figment).unwrap();
        if let Some(cost) = cost {
            (settings.hash_cost.memory_kib, settings.hash_cost.passes) = cost;
        }
        let figment = settings::rocket_config(figment, &settings.data_dir);
        let doorward = Arc::new(Doorward::open(settings).await.unwrap());
        doorward.sync(doorward.clock.now()).await.unwrap();
        let rocket = web::server(figment, Arc::clone(&doorward));
        let client = Client::untracked(rocket).await.expect("the app ignites");
        Self { client, doorward, _folder: folder }
    }

    pub fn clock(&self) -> &Clock {
        &self.doorward.clock
    }

    /// Time passes; what a server does meanwhile is done.
    pub async fn pass(&self, duration: Duration) {
        self.doorward.sync(self.clock().now()).await.unwrap();
        self.clock().advance(duration);
        self.doorward.sync(self.clock().now()).await.unwrap();
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookies: Jar::default(), address: None }
    }

    /// A browser at that address.
    pub fn browser_at(&self, address: &str) -> Browser<'_> {
        Browser { address: Some(address.parse().unwrap()), ..self.browser() }
    }

    pub async fn id_of(&self, name: &str) -> String {
        let login = LoginName::parse(name);
        let account = accounts::by_login_name(self.doorward.db.read(), &login).await.unwrap();
        account.id.to_string()
    }

    /// The hash of a password that nobody knows, made once for all tests.
    pub async fn unknown_hash(&self) -> PasswordHash {
        static HASH: OnceCell<PasswordHash> = OnceCell::const_new();
        let make = || async { self.doorward.hasher.hash_unknown().await.unwrap().1 };
        HASH.get_or_init(make).await.clone()
    }

    /// An account that nobody logs in to: without the work of hashing a password.
    pub async fn quick_account(&self, name: &str) {
        let new = NewAccount {
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(&format!("{name}@example.org")).unwrap(),
            password: Password::parse(PASSWORD).unwrap(),
        };
        let now = self.clock().now();
        let db = self.doorward.db.write();
        let hash = self.unknown_hash().await;
        let account = accounts::insert(db, &new, hash, Roles::default(), now).await.unwrap();
        let here = RequestSource::command_line();
        let told = Entry::about(accounts::events::REGISTERED, account.id.0, &here);
        audit::record(db, told, now).await.unwrap();
    }

    /// Somebody with that role, signed in.
    pub async fn staff(&self, name: &str, role: &str) -> Browser<'_> {
        self.account(name, &[role]).await;
        self.signed_in(name).await
    }

    pub async fn account(&self, name: &str, roles: &[&str]) -> Account {
        let new = NewAccount {
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(&format!("{name}@example.org")).unwrap(),
            password: Password::parse(PASSWORD).unwrap(),
        };
        let roles = Roles::of(roles.iter().map(|role| RoleName::parse(role).unwrap()));
        let origin = RequestSource::command_line();
        let actor = Actor::operator(&origin);
        let credentials = self.doorward.credentials();
        let now = self.clock().now();
        administration::add_account(&credentials, &new, roles, actor, now).await.unwrap()
    }

    /// A member, signed in.
    pub async fn member(&self, name: &str) -> Browser<'_> {
        self.account(name, &[]).await;
        self.signed_in(name).await
    }

    pub async fn signed_in(&self, name: &str) -> Browser<'_> {
        let browser = self.browser();
        assert_eq!(browser.log_in(name).await.status, Status::SeeOther);
        browser
    }

    /// The mounted addresses of this kind.
    pub fn addresses(&self, method: Method) -> Vec<String> {
        let routes = self.client.rocket().routes().filter(|route| route.method == method);
        routes.map(|route| route.uri.as_str().split('?').next().unwrap().to_owned()).collect()
    }
}

/// A browser with its cookies; it knows them as strictly as a real one.
pub struct Browser<'a> {
    pub app: &'a App,
    pub cookies: Jar,
    address: Option<IpAddr>,
}

pub struct Answer {
    path: String,
    pub status: Status,
    pub location: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Browser<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::Get, path, None, &[]).await
    }

    /// Follows a link on one of our pages.
    pub async fn follow(&self, path: &str) -> Answer {
        self.send(Method::Get, path, None, &[("Sec-Fetch-Site", "same-origin")]).await
    }

    /// Opens the page, as a person would, and sends the form on it.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_at(path, path, fields).await
    }

    /// Presses a button of the frame or of a table: it stands on `page`.
    pub async fn press(&self, page: &str, path: &str) -> Answer {
        let token = self.get(page).await.button_csrf();
        self.post_with(path, &token, &[]).await
    }

    pub async fn post_with(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
        let body = forms::body(token, fields);
        let ours = [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:8000")];
        self.send(Method::Post, path, Some(&body), &ours).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.app.client.req(method, path.to_owned());
        if headers.iter().all(|(name, _)| *name != "Host") {
            request.add_header(Header::new("Host", "localhost:8000"));
        }
        if let Some(address) = self.address {
            request.set_remote((address, 50_000).into());
        }
        let cookies = self.cookies.header();
        if !cookies.is_empty() {
            request.add_header(Header::new("Cookie", cookies));
        }
        for (name, value) in headers {
            request.add_header(Header::new((*name).to_owned(), (*value).to_owned()));
        }
        if let Some(body) = body {
            request.add_header(ContentType::Form);
            request.set_body(body);
        }
        let answer = Answer::of(path, request.dispatch().await).await;
        for (name, value) in &answer.headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                self.cookies.take(value);
            }
        }
        answer
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.get(name)
    }

    /// A browser drops a cookie whose time is over.
    pub fn forget(&self, name: &str) {
        self.cookies.forget(name);
    }

    /// The same cookies in other hands.
    pub fn copied(&self) -> Self {
        Self { cookies: self.cookies.clone(), ..*self }
    }

    /// The same cookies at another address.
    pub fn copied_to(&self, address: &str) -> Self {
        Self { address: Some(address.parse().unwrap()), ..self.copied() }
    }

    pub async fn log_in(&self, name: &str) -> Answer {
        self.log_in_with(name, PASSWORD).await
    }

    pub async fn log_in_with(&self, name: &str, password: &str) -> Answer {
        self.post("/login", &[("login", name), ("password", password)]).await
    }

    /// Logs in with a browser that calls itself so.
    pub async fn log_in_as(&self, name: &str, user_agent: &str) {
        let token = self.get("/login").await.csrf();
        let body = forms::body(&token, &[("login", name), ("password", PASSWORD)]);
        let headers = [
            ("Sec-Fetch-Site", "same-origin"),
            ("Origin", "http://localhost:8000"),
            ("User-Agent", user_agent),
        ];
        let answer = self.send(Method::Post, "/login", Some(&body), &headers).await;
        assert_eq!(answer.status, Status::SeeOther);
    }

    /// Opens `page` and sends the form on it to `path`.
    pub async fn post_at(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page).await.page().token_for(path);
        self.post_with(path, &token, fields).await
    }

    /// The token of the frame's buttons.
    pub async fn token(&self) -> String {
        self.get("/account").await.button_csrf()
    }

    /// Ends the sessions that this preview shows.
    pub async fn end_sessions(&self, preview: &str) {
        let shown = self.get(preview).await;
        let sid = shown.value_of("sid");
        let fields = [("sid", sid.as_str()), ("reason", "a test")];
        let answer = self.post_with("/admin/sessions/end", &shown.csrf(), &fields).await;
        assert_eq!(answer.location.as_deref(), Some("/admin/sessions"), "{}", answer.body);
    }

    pub async fn is_signed_in(&self) -> bool {
        self.get("/account").await.status == Status::Ok
    }
}

impl Answer {
    async fn of(path: &str, response: LocalResponse<'_>) -> Self {
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|header| (header.name().to_string(), header.value().to_owned()))
            .collect();
        Self {
            path: path.to_owned(),
            status: response.status(),
            location: response.headers().get_one("Location").map(str::to_owned),
            headers,
            body: response.into_string().await.unwrap_or_default(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The page, to look for its parts.
    pub fn page(&self) -> Page {
        Page::read(&self.path, &self.body)
    }

    /// The CSRF token of the form that the page sends to its own address.
    pub fn csrf(&self) -> String {
        self.page().own_token()
    }

    /// The CSRF token of the frame's buttons.
    pub fn button_csrf(&self) -> String {
        self.page().token_for("/logout")
    }

    /// The value of a field.
    pub fn value_of(&self, name: &str) -> String {
        self.page().value_of(name)
    }

    /// What the undo button of the message sends.
    pub fn hidden(&self) -> Undo {
        Undo { first: self.value_of("first"), last: self.value_of("last") }
    }

    /// The path of the recovery link on the page.
    pub fn link(&self) -> String {
        let links = self.page().texts("#link");
        let link = links.first().expect("a link");
        link.strip_prefix("http://localhost:8000").unwrap().to_owned()
    }

    /// The accounts of the list.
    pub fn names(&self) -> Vec<String> {
        self.page().texts("tbody th[scope=row] > a")
    }

    /// The words that are shown with a field.
    pub fn field_error(&self, field: &str) -> String {
        self.page().error_at(field)
    }
}

/// The hidden fields of an undo button.
pub struct Undo {
    first: String,
    last: String,
}

impl Undo {
    pub fn pairs(&self) -> [(&str, &str); 2] {
        [("first", &self.first), ("last", &self.last)]
    }
}
