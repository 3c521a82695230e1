//! The ground floor on a real database file, without a web server. Time is a
//! parameter: nothing here waits.

mod access_token;
mod acting;
mod activity;
mod audit;
mod copying;
mod credentials;
mod demanded;
mod events;
mod everyone;
mod guarding;
mod held_forms;
mod kept_names;
mod lifting;
mod listing;
mod many;
mod personal_data;
mod personal_tokens;
mod plans;
mod properties;
mod refresh;
mod refresh_model;
mod revocation;
mod revocation_table;
mod right_passwords;
mod rotation;
mod service_accounts;
mod sightings;
mod staff_limits;
mod story;
mod throttle;
mod token_ends;
mod token_roles;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;

use doorward::base::keys::Keys;
use doorward::base::store::{Db, Options};
use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts::names::{EmailAddress, Username};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, Account, NewAccount, Passwords};
use doorward::domain::audit::RequestSource;
use doorward::domain::credentials::Credentials;
use doorward::domain::login::Verified;
use doorward::domain::passwords::hasher::{Cost, Hasher, Waiter};
use doorward::domain::passwords::policy::{Password, PasswordRules};
use doorward::domain::sessions::NewSession;
use doorward::domain::sessions::tokens::access::Issuer;
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{
    Access, Actor, Audience, EndReason, Issued, Policy, Refreshed, Sessions,
};
use doorward::domain::throttle::{Limits, Throttle};
use time::Duration;

pub(crate) use shared::PASSWORD;

pub(crate) const NOON: Timestamp = Timestamp(1_767_268_800_000);
pub(crate) const BASE: &str = "http://localhost:8000";

/// The defaults of the settings.
pub(crate) const LIMITS: Limits =
    Limits { address: 30, name_and_address: 5, name: 20, known_browser: 10, registrations: 5 };

/// A session of a browser that is not to be remembered.
pub(crate) const BROWSER: NewSession =
    NewSession { audience: Audience::Web, remember: false, replaces: None };

pub(crate) struct World {
    pub sessions: Sessions,
    pub keys: Arc<Keys>,
    pub hasher: Hasher,
    pub rules: PasswordRules,
    pub throttle: Throttle,
    pub folder: Arc<tempfile::TempDir>,
    pub url: String,
}

fn policy() -> Policy {
    Policy {
        idle: Duration::hours(12),
        absolute: Duration::hours(24),
        remember_idle: Duration::days(14),
        remember_absolute: Duration::days(30),
        staff_idle: Duration::minutes(30),
        staff_absolute: Duration::hours(12),
        recent_login: Duration::minutes(5),
        most_per_account: 5,
    }
}

impl World {
    pub async fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let url = shared::databases::fresh(folder.path()).await;
        Self::with(folder, url).await
    }

    /// Whatever this text names is revoked by the operator.
    pub async fn revoke(&self, text: &str) {
        let named = self.sessions.named(text, NOON).unwrap();
        let cli = origin("cli");
        self.sessions.revoke_named(named, Actor::operator(&cli), NOON).await.unwrap();
    }

    /// Another process over the same files: what was only in memory is gone.
    pub async fn restarted(&self) -> Self {
        Self::with(Arc::clone(&self.folder), self.url.clone()).await
    }

    async fn with(folder: Arc<tempfile::TempDir>, url: String) -> Self {
        let keys = Arc::new(Keys::in_file(&folder.path().join("keys.json"), NOON).unwrap());
        let db = Db::open(&Options { url: url.clone(), synchronous_full: false, connections: 8 })
            .await
            .unwrap();
        db.migrate_up().await.unwrap();
        let issuer = Issuer::new(BASE, Duration::minutes(10));
        let sessions = Sessions::new(db, Arc::clone(&keys), issuer, policy());
        sessions.sync(NOON).await.unwrap();
        let hasher = Hasher::start(Cost { memory_kib: 64, passes: 1 }, Arc::clone(&keys)).unwrap();
        let rules = PasswordRules { min_length: 12, context: vec![] };
        let throttle = Throttle::new(sessions.db.clone(), Arc::clone(&keys), LIMITS);
        Self { sessions, keys, hasher, rules, throttle, folder, url }
    }

    pub fn database_file(&self) -> PathBuf {
        self.folder.path().join("doorward.db")
    }

    pub fn credentials(&self) -> Credentials<'_> {
        Credentials { sessions: &self.sessions, passwords: self.passwords(), rules: &self.rules }
    }

    pub fn passwords(&self) -> Passwords<'_> {
        Passwords { db: &self.sessions.db, hasher: &self.hasher, throttle: &self.throttle }
    }

    pub fn new_account(name: &str) -> NewAccount {
        NewAccount {
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(&format!("{name}@example.org")).unwrap(),
            password: Password::parse(PASSWORD).unwrap(),
        }
    }

    pub async fn account(&self, name: &str, roles: Roles) -> Account {
        let new = Self::new_account(name);
        let hash =
            self.hasher.hash_new(&new.password, self.rules.clone(), Waiter::House).await.unwrap();
        accounts::insert(self.sessions.db.write(), &new, hash, roles, NOON).await.unwrap()
    }

    /// A member's browser session, begun at noon.
    pub async fn session(&self, name: &str) -> (Account, Issued) {
        let account = self.account(name, Roles::default()).await;
        let issued = self.start(&account, NOON).await;
        (account, issued)
    }

    pub async fn start(&self, account: &Account, now: Timestamp) -> Issued {
        let from = origin("login");
        let account = accounts::by_id(self.sessions.db.read(), account.id).await.unwrap();
        let verified = Verified::by_password(account, now);
        self.sessions.start(&verified, BROWSER, &from, now).await.unwrap()
    }

    pub async fn refresh(&self, token: &str, now: Timestamp) -> Refreshed {
        let token = RefreshToken::parse(token).expect("a token of ours");
        let from = origin("refresh");
        self.sessions.refresh(&token, None, Audience::Web, &from, now).await.unwrap()
    }

    pub async fn refreshed(&self, token: &str, now: Timestamp) -> Issued {
        match self.refresh(token, now).await {
            Refreshed::Issued(issued) => *issued,
            other => panic!("{other:?}"),
        }
    }

    pub async fn over(&self, token: &str, now: Timestamp) -> EndReason {
        match self.refresh(token, now).await {
            Refreshed::Ended(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    pub async fn verify(&self, token: &str, now: Timestamp) -> Access {
        let from = origin("verify");
        self.sessions.verify(token, Audience::Web, || &from, now).await.unwrap()
    }

    /// Whether an access token is accepted, which also proves that its holder has it.
    pub async fn admits(&self, issued: &Issued, now: Timestamp) -> bool {
        let token = &issued.access_token.0;
        matches!(self.verify(token, now).await, Access::Granted(_))
    }
}

pub(crate) fn origin(place: &str) -> RequestSource {
    RequestSource {
        address: place.to_owned(),
        user_agent: "test".to_owned(),
        ..RequestSource::default()
    }
}
