//! The settings: Rocket.toml, ROCKET_* and DOORWARD_* variables, read once at
//! the start and checked whole. What cannot be obeyed stops the start. One file
//! a section, with what the documents say of each setting.

mod base_url;
mod passwords;
mod places;
mod records;
mod section;
mod sessions;
mod sources;
mod store;
mod throttle;
mod web;

use std::path::PathBuf;

use rocket::figment::Figment;
use time::Duration;
use tracing::level_filters::LevelFilter;
use zeroize::Zeroizing;

pub use self::base_url::BaseUrl;
use self::section::Section;
pub use self::section::Setting;
pub use self::sources::{INSTALLED, check_files, figment, file_read, rocket_config};
pub use self::web::{Registration, Web};
use crate::base::error::Result;
use crate::base::files;
use crate::base::logging::LogFormat;
use crate::base::store::Options;
use crate::domain::passwords::hasher::Cost;
use crate::domain::sessions::Policy;
use crate::domain::throttle::Limits;

/// Every setting, checked. It holds secrets: there is no `Debug`.
#[derive(Clone)]
pub struct Settings {
    /// Where people reach the service.
    pub base_url: BaseUrl,
    /// The folder for the database, the keys and the setup token.
    pub data_dir: PathBuf,
    /// The signing keys.
    pub keys_file: PathBuf,
    /// The signing keys themselves, instead of the file.
    pub key_ring: Option<Zeroizing<String>>,
    /// How the database is opened.
    pub store: Options,
    /// Whether the server brings the schema up to date when it starts.
    pub auto_migrate: bool,
    /// Whether servers on one PostgreSQL wake each other.
    pub database_notify: bool,
    /// Settings of the pages and the API.
    pub web: Web,
    /// The fewest characters of a new password.
    pub password_min_length: usize,
    /// What a password hash costs.
    pub hash_cost: Cost,
    /// How long sessions last.
    pub sessions: Policy,
    /// How long an access token is good.
    pub access_token_life: Duration,
    /// How long a recovery link is good.
    pub recovery_link_life: Duration,
    /// How many days a personal token is good at most; 0: no limit.
    pub personal_token_max_days: u32,
    /// How many attempts are let through.
    pub throttle: Limits,
    /// How long audit events are kept; `None`: forever.
    pub audit_retention: Option<Duration>,
    /// What log lines look like.
    pub log_format: LogFormat,
    /// The least important lines that are written.
    pub log_level: LevelFilter,
}

/// Every setting there is, section by section, in the order of Rocket.toml.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    [
        places::SETTINGS,
        store::SETTINGS,
        web::SETTINGS,
        passwords::SETTINGS,
        sessions::SETTINGS,
        throttle::SETTINGS,
        records::SETTINGS,
    ]
    .into_iter()
    .flatten()
}

/// The table of the documents, in Markdown.
pub fn table() -> String {
    let row = |setting: &Setting| {
        format!("| `{}` | {} | {} |\n", setting.key, setting.default, setting.meaning)
    };
    "| key | default | meaning |\n|---|---|---|\n".to_owned() + &all().map(row).collect::<String>()
}

impl Settings {
    /// Looks at whose the data folder, the key file and the database are.
    ///
    /// # Errors
    /// As [`files::check_settings`].
    pub fn check_owners(&self) -> Result<()> {
        files::check_folder(&self.data_dir)?;
        files::check_surroundings(&self.keys_file, "the keys are")?;
        files::check_database(&self.store.url)
    }

    /// The settings in `figment`, with the default for each key that is absent.
    ///
    /// # Errors
    /// One sentence that names the first key that cannot be obeyed.
    pub fn from_figment(figment: &Figment) -> Result<Self> {
        let keys: Vec<&str> = all().map(|setting| setting.key).collect();
        let section = Section::of(figment, &keys)?;
        let (base_url, data_dir, keys_file) = places::read(&section)?;
        let times = sessions::read(&section)?;
        let (password_min_length, hash_cost) = passwords::read(&section)?;
        let (log_format, log_level) = records::log(&section)?;
        Ok(Self {
            base_url,
            store: store::read(&section, &data_dir)?,
            data_dir,
            keys_file,
            key_ring: sources::key_ring(figment),
            auto_migrate: section.flag("auto_migrate", true)?,
            database_notify: section.flag("database_notify", true)?,
            web: web::read(&section)?,
            password_min_length,
            hash_cost,
            sessions: times.policy,
            access_token_life: times.access_token_life,
            recovery_link_life: times.recovery_link_life,
            personal_token_max_days: times.personal_token_max_days,
            throttle: throttle::read(&section)?,
            audit_retention: records::audit_retention(&section)?,
            log_format,
            log_level,
        })
    }
}

#[cfg(test)]
mod tests;
