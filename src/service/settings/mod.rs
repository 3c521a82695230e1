//! The settings: Rocket.toml, ROCKET_* and DOORWARD_* variables, read once at
//! the start and checked whole. What cannot be obeyed stops the start.

mod base_url;
mod section;
mod sources;

use std::path::PathBuf;

use ipnet::IpNet;
use rocket::figment::Figment;
use time::Duration;
use tracing::level_filters::LevelFilter;

pub use self::base_url::BaseUrl;
use self::section::Section;
pub use self::sources::{check_files, figment, rocket_config};
use crate::base::error::{Error, Result};
use crate::base::files;
use crate::base::logging::LogFormat;
use crate::domain::throttle::Limits;

/// Every setting, checked. It holds secrets: there is no `Debug`.
#[derive(Clone)]
pub struct Settings {
    /// The folder for the database, the keys and the setup token.
    pub data_dir: PathBuf,
    /// `sqlite://…` or `postgres://…`; may hold a password.
    pub database_url: String,
    /// Where people reach the service.
    pub base_url: BaseUrl,
    /// How long an access token is good.
    pub access_token_life: Duration,
    /// A session ends when it is not used for so long.
    pub session_idle: Duration,
    /// A session ends this long after the log-in, used or not.
    pub session_absolute: Duration,
    /// As `session_idle`, for who asked to be remembered.
    pub remember_idle: Duration,
    /// As `session_absolute`, for who asked to be remembered.
    pub remember_absolute: Duration,
    /// Without a request for so long, staff pages ask for the password again.
    pub staff_idle: Duration,
    /// So long after the password was given, staff pages ask for it again.
    pub staff_absolute: Duration,
    /// How long after the password was given sensitive acts need it not again.
    pub recent_login: Duration,
    /// How long a recovery link is good.
    pub recovery_link_life: Duration,
    /// How long audit events are kept; `None`: forever.
    pub audit_retention: Option<Duration>,
    /// The oldest session ends when there would be more.
    pub max_sessions_per_account: u64,
    /// The fewest characters of a new password.
    pub password_min_length: usize,
    /// Memory of one password hash, in KiB.
    pub argon2_memory_kib: u32,
    /// Passes of one password hash.
    pub argon2_passes: u32,
    /// How many attempts are let through.
    pub limits: Limits,
    /// Who may open an account.
    pub registration: Registration,
    /// Proxies whose X-Forwarded-For is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether `/api/me` takes the access token in the address, too.
    pub allow_query_token: bool,
    /// The signing keys.
    pub keys_file: PathBuf,
    /// Whether the server brings the schema up to date when it starts.
    pub auto_migrate: bool,
    /// Connections to PostgreSQL at most.
    pub database_connections: u32,
    /// Whether servers on one PostgreSQL wake each other.
    pub database_notify: bool,
    /// Whether SQLite waits for the disk at each commit.
    pub synchronous_full: bool,
    /// Who may see `/metrics`: requests with this token; without one, this machine.
    pub metrics_token: Option<String>,
    /// What log lines look like.
    pub log_format: LogFormat,
    /// The least important lines that are written.
    pub log_level: LevelFilter,
}

/// Who may open an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everyone.
    Open,
    /// Only the operator, at the command line or on the dashboard.
    Closed,
}

/// Every key there is; the order is that of Rocket.toml.
const KEYS: [&str; 33] = [
    "base_url",
    "data_dir",
    "database_url",
    "keys_file",
    "auto_migrate",
    "sqlite_synchronous",
    "database_connections",
    "database_notify",
    "registration",
    "trusted_proxies",
    "allow_query_token",
    "password_min_length",
    "argon2_memory_kib",
    "argon2_passes",
    "access_token_seconds",
    "session_idle_seconds",
    "session_absolute_seconds",
    "remember_idle_seconds",
    "remember_absolute_seconds",
    "staff_idle_seconds",
    "staff_absolute_seconds",
    "recent_login_seconds",
    "recovery_link_seconds",
    "max_sessions_per_account",
    "audit_retention_days",
    "throttle_address",
    "throttle_name_and_address",
    "throttle_name",
    "throttle_known_browser",
    "throttle_registrations",
    "metrics_token",
    "log_format",
    "log_level",
];

impl Settings {
    /// Looks at whose the data folder, the key file and the database are.
    ///
    /// # Errors
    /// As [`files::check_settings`].
    pub fn check_owners(&self) -> Result<()> {
        files::check_folder(&self.data_dir)?;
        files::check_surroundings(&self.keys_file, "the keys are")?;
        files::check_database(&self.database_url)
    }

    /// The settings in `figment`, with the default for each key that is absent.
    ///
    /// # Errors
    /// One sentence that names the first key that cannot be obeyed.
    pub fn from_figment(figment: &Figment) -> Result<Self> {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        // Browsers keep no cookie for longer than 400 days.
        const LONGEST: u64 = 400 * DAY;

        let section = Section::of(figment, &KEYS)?;
        let data_dir = section.data_dir()?;
        let database_url = match section.database_url()? {
            Some(url) => url,
            None => format!("sqlite://{}/doorward.db", data_dir.display()),
        };
        let keys_file = match section.text("keys_file")? {
            Some(file) => PathBuf::from(file),
            None => data_dir.join("keys.json"),
        };
        let seconds = |key, default, most| section.seconds(key, default, 1..=most);
        let attempts =
            |key, default| Ok::<_, Error>(section.whole(key, default, 0..=1_000_000)? as u32);
        let settings = Self {
            base_url: section.base_url()?,
            database_url,
            keys_file,
            data_dir,
            access_token_life: seconds("access_token_seconds", 10 * MINUTE, HOUR)?,
            session_idle: seconds("session_idle_seconds", 12 * HOUR, LONGEST)?,
            session_absolute: seconds("session_absolute_seconds", DAY, LONGEST)?,
            remember_idle: seconds("remember_idle_seconds", 14 * DAY, LONGEST)?,
            remember_absolute: seconds("remember_absolute_seconds", 30 * DAY, LONGEST)?,
            staff_idle: seconds("staff_idle_seconds", 30 * MINUTE, LONGEST)?,
            staff_absolute: seconds("staff_absolute_seconds", 12 * HOUR, LONGEST)?,
            recent_login: seconds("recent_login_seconds", 5 * MINUTE, DAY)?,
            recovery_link_life: seconds("recovery_link_seconds", 30 * MINUTE, DAY)?,
            max_sessions_per_account: section.whole("max_sessions_per_account", 20, 1..=1000)?,
            audit_retention: match section.whole("audit_retention_days", 180, 0..=36_500)? {
                0 => None,
                days => Some(Duration::days(days as i64)),
            },
            limits: Limits {
                address: attempts("throttle_address", 30)?,
                name_and_address: attempts("throttle_name_and_address", 5)?,
                name: attempts("throttle_name", 20)?,
                known_browser: attempts("throttle_known_browser", 10)?,
                registrations: attempts("throttle_registrations", 5)?,
            },
            password_min_length: section.whole("password_min_length", 12, 8..=64)? as usize,
            argon2_memory_kib: section.whole("argon2_memory_kib", 19_456, 19_456..=1_048_576)?
                as u32,
            argon2_passes: section.whole("argon2_passes", 2, 2..=32)? as u32,
            registration: section.one_of(
                "registration",
                &[("open", Registration::Open), ("closed", Registration::Closed)],
            )?,
            trusted_proxies: section.networks("trusted_proxies")?,
            allow_query_token: section.flag("allow_query_token", false)?,
            auto_migrate: section.flag("auto_migrate", true)?,
            synchronous_full: section
                .one_of("sqlite_synchronous", &[("full", true), ("normal", false)])?,
            database_connections: section.whole("database_connections", 16, 2..=1000)? as u32,
            database_notify: section.flag("database_notify", true)?,
            metrics_token: section.secret("metrics_token", 16)?,
            log_format: section
                .one_of("log_format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
            log_level: section.one_of(
                "log_level",
                &[
                    ("info", LevelFilter::INFO),
                    ("error", LevelFilter::ERROR),
                    ("warn", LevelFilter::WARN),
                    ("debug", LevelFilter::DEBUG),
                ],
            )?,
        };
        for (shorter, is, longer, limit) in [
            // A session that ended unused must not be carried on by its last token.
            ("access_token", settings.access_token_life, "session_idle", settings.session_idle),
            ("access_token", settings.access_token_life, "remember_idle", settings.remember_idle),
            ("access_token", settings.access_token_life, "staff_idle", settings.staff_idle),
            ("session_idle", settings.session_idle, "session_absolute", settings.session_absolute),
            (
                "remember_idle",
                settings.remember_idle,
                "remember_absolute",
                settings.remember_absolute,
            ),
            ("staff_idle", settings.staff_idle, "staff_absolute", settings.staff_absolute),
        ] {
            if is > limit {
                let (is, limit) = (is.whole_seconds(), limit.whole_seconds());
                return Err(Error::broken(format!(
                    "The setting `{shorter}_seconds` must be at most that of `{longer}_seconds`, {limit}, but is {is}."
                )));
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests;
