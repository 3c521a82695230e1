//! The service as a whole: its settings, opening it, and its
//! periodic work.

pub mod asked;
pub mod catalog;
pub mod doctor;
pub mod events;
pub mod explain;
pub mod export;
pub mod housekeeping;
pub mod personal_data;
mod rounds;
pub mod settings;
pub mod setup;
pub mod transfer;
pub mod words;

use std::sync::Arc;

use self::rounds::Rounds;
use self::settings::Settings;
use self::setup::AdministratorSeen;
use crate::base::clock::Clock;
use crate::base::error::{Error, Result};
use crate::base::keys::{Keys, in_use};
use crate::base::store::{self, Db};
use crate::domain::accounts::Passwords;
use crate::domain::applications::Catalogs;
use crate::domain::applications::sightings::Sightings;
use crate::domain::credentials::Credentials;
use crate::domain::entries::Entries;
use crate::domain::passwords::hasher::Hasher;
use crate::domain::passwords::policy::PasswordRules;
use crate::domain::personal_tokens::Tokens;
use crate::domain::sessions::Sessions;
use crate::domain::sessions::tokens::access::Issuer;
use crate::domain::throttle::Throttle;

/// A service, opened: what the server and the command line both work with.
pub struct Doorward {
    /// How it is set up.
    pub settings: Settings,
    /// Where everything is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What it signs with.
    pub keys: Arc<Keys>,
    /// Who is signed in.
    pub sessions: Sessions,
    /// The applications that are guarded.
    pub applications: Catalogs,
    /// What proxies asked about them.
    pub sightings: Sightings,
    /// Who has entered them.
    pub entries: Entries,
    /// What scripts show them.
    pub tokens: Tokens,
    /// The threads that hash.
    pub hasher: Hasher,
    /// What a new password must be like.
    pub rules: PasswordRules,
    /// Limits on attempts at passwords.
    pub throttle: Throttle,
    /// What the periodic tasks of this process did.
    pub rounds: Rounds,
    administrator_seen: AdministratorSeen,
}

impl Doorward {
    /// Opens keys and database, and brings the schema up to date unless the settings say otherwise.
    ///
    /// # Errors
    /// One sentence for the operator; also when the database was served with
    /// other keys, because everybody would be signed out.
    pub async fn open(settings: Settings) -> Result<Self> {
        let db = Db::open(&settings.store).await?;
        if settings.auto_migrate {
            db.migrate_up().await?;
        }
        Self::with_its_keys(settings, db).await
    }

    /// The same for a service that was served before: it makes no keys, and leaves
    /// the schema as it is.
    ///
    /// # Errors
    /// As [`open`](Self::open); also when there are no keys, or the schema is older.
    pub async fn open_existing(settings: Settings) -> Result<Self> {
        let db = Db::open(&settings.store).await?;
        db.ensure_up_to_date().await?;
        Self::existing(settings, db).await
    }

    /// The same, with whatever schema it has, which is only looked at.
    ///
    /// # Errors
    /// As [`open_existing`](Self::open_existing).
    pub async fn examine(settings: Settings) -> Result<Self> {
        let db = Db::open(&settings.store).await?;
        Self::existing(settings, db).await
    }

    async fn existing(settings: Settings, db: Db) -> Result<Self> {
        if !has_keys(&settings) && !in_use::any(&db).await? {
            let file = std::path::absolute(&settings.keys_file);
            let file = file.as_ref().unwrap_or(&settings.keys_file).display();
            return Err(Error::broken(format!(
                "There are no keys in {file}: the first `doorward serve` creates them."
            )));
        }
        Self::with_its_keys(settings, db).await
    }

    async fn with_its_keys(settings: Settings, db: Db) -> Result<Self> {
        if !has_keys(&settings) && in_use::any(&db).await? {
            let file = settings.keys_file.display();
            return Err(Error::broken(format!(
                "The key file {file} is missing, and what was signed with its keys cannot be verified. Put it back. If it is lost: `doorward keys adopt` creates new ones, and everyone has to sign in again."
            )));
        }
        let doorward = Self::with(settings, db).await?;
        if in_use::are_all_others(&doorward.db, &doorward.keys.ring()).await? {
            return Err(Error::broken(
                "This database was served with other keys than those of this ring. Put the right key file in place. If it is lost: `doorward keys adopt` accepts these, and everyone has to sign in again.",
            ));
        }
        Ok(doorward)
    }

    /// A service with whatever keys the database was served with, and whatever schema.
    ///
    /// # Errors
    /// One sentence for the operator.
    pub async fn open_with_any_keys(settings: Settings) -> Result<Self> {
        let db = Db::open(&settings.store).await?;
        Self::with(settings, db).await
    }

    async fn with(settings: Settings, db: Db) -> Result<Self> {
        let clock = Clock::over(&db).await?;
        let now = clock.now();
        let keys = Arc::new(match &settings.key_ring {
            Some(text) => Keys::in_variable(text)?,
            None => Keys::in_file(&settings.keys_file, now)?,
        });
        let issuer = Issuer::new(settings.base_url.as_str(), settings.access_token_life);
        issuer.check(&keys.ring(), now)?;
        let sessions =
            Sessions::new(db.clone(), Arc::clone(&keys), issuer, settings.sessions.clone());
        sessions.rely_on_time(clock.is_certain());
        let applications = Catalogs::new(settings.base_url.host());
        Ok(Self {
            sessions,
            applications,
            sightings: Sightings::default(),
            entries: Entries::new(settings.access_token_life),
            tokens: Tokens::default(),
            throttle: Throttle::new(db.clone(), Arc::clone(&keys), settings.throttle),
            hasher: Hasher::start(settings.hash_cost, Arc::clone(&keys))?,
            rules: PasswordRules {
                min_length: settings.password_min_length,
                context: vec![settings.base_url.host().to_owned()],
            },
            rounds: Rounds::default(),
            administrator_seen: AdministratorSeen::default(),
            settings,
            db,
            clock,
            keys,
        })
    }

    /// How its database is opened.
    pub fn database(&self) -> store::Options {
        self.settings.store.clone()
    }

    /// What a server does about twice a second: hold its clock against the
    /// database's.
    ///
    /// # Errors
    /// The database cannot be asked; time goes on as before.
    pub async fn follow_clock(&self) -> Result<()> {
        let followed = self.clock.follow(&self.db).await;
        self.sessions.rely_on_time(self.clock.is_certain());
        followed
    }

    /// Whether there is no administrator yet.
    pub async fn awaits_setup(&self) -> bool {
        self.administrator_seen.awaits(&self.db).await
    }

    /// What changing passwords needs.
    pub fn credentials(&self) -> Credentials<'_> {
        let passwords = self.passwords();
        Credentials { sessions: &self.sessions, passwords, rules: &self.rules }
    }

    /// What telling people by their passwords needs.
    pub fn passwords(&self) -> Passwords<'_> {
        Passwords { db: &self.db, hasher: &self.hasher, throttle: &self.throttle }
    }
}

/// Whether the keys of a service are where the settings say.
fn has_keys(settings: &Settings) -> bool {
    settings.key_ring.is_some() || settings.keys_file.exists()
}
