//! Where settings come from, and those of Rocket that nobody may change.

use std::path::{Path, PathBuf};

use rocket::data::{Limits, ToByteUnit};
use rocket::figment::providers::{Env, Format, Serialized, Toml};
use rocket::figment::value::{Dict, Map, Value};
use rocket::figment::{self, Figment, Metadata, Profile, Provider};
use zeroize::Zeroizing;

use crate::base::error;
use crate::base::files;

/// The table with our settings, within a profile of Rocket.toml.
pub(super) const SECTION: &str = "doorward";
/// The name by which figment knows our variables.
pub(super) const ENVIRONMENT: &str = "DOORWARD_* variables";
const PREFIX: &str = "DOORWARD_";
/// Where the text of `DOORWARD_KEYS` is: it is no setting.
const KEY_RING: &str = "doorward_key_ring";

/// The settings file of an installed service.
pub const INSTALLED: &str = "/etc/doorward/Rocket.toml";

/// Everything that was set: Rocket's defaults (127.0.0.1, port 8000), Rocket.toml
/// or what ROCKET_CONFIG names, ROCKET_* and, strongest, DOORWARD_* variables.
/// Where there is no Rocket.toml, the file of the installed service is read.
pub fn figment() -> Figment {
    let usual = rocket::Config::figment();
    let named = std::env::var_os("ROCKET_CONFIG").is_some();
    let found = if named || file_read(&usual).is_some() { usual } else { installed() };
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(PREFIX).then(|| (name, value.to_string_lossy().into_owned()))
    });
    with_variables(found, variables)
}

/// The settings with those of these variables that are ours or Rocket's, which
/// are the last word.
fn with_variables(
    figment: Figment,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Figment {
    variables.into_iter().fold(figment, |figment, (name, value)| {
        if name == variable("keys") {
            return figment.merge(Serialized::global(KEY_RING, value));
        }
        let Some(key) = name.strip_prefix("ROCKET_") else {
            return figment.merge(Variables::of([(name, value)]));
        };
        // A number or a table, as in Rocket's own reading of such variables.
        let Ok(value) = value.parse::<Value>();
        figment.merge(Serialized::global(&key.to_ascii_lowercase(), value))
    })
}

/// As [`rocket::Config::figment`], with the file of the installed service.
fn installed() -> Figment {
    Figment::from(rocket::Config::default())
        .merge(Toml::file(INSTALLED).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE"]).global())
        .select(Profile::from_env_or("ROCKET_PROFILE", rocket::Config::DEFAULT_PROFILE))
}

/// The settings file that was read; none where none was found.
pub fn file_read(figment: &Figment) -> Option<PathBuf> {
    let mut sources = figment.metadata().filter_map(|one| one.source.as_ref()?.file_path());
    sources.next().map(Path::to_owned)
}

/// The text of the variable `DOORWARD_KEYS`: a key ring instead of a key file.
pub(super) fn key_ring(figment: &Figment) -> Option<Zeroizing<String>> {
    figment.extract_inner(KEY_RING).ok()
}

/// Looks at whose the settings file is, unless the variable ROCKET_CONFIG names
/// it: it is looked for in the working directory and in every one above.
///
/// # Errors
/// As [`files::check_settings`].
pub fn check_files(figment: &Figment) -> error::Result<()> {
    if std::env::var_os("ROCKET_CONFIG").is_some() {
        return Ok(());
    }
    file_read(figment).map_or(Ok(()), |file| files::check_settings(&file))
}

/// Adds to `figment`, as the last word, what must hold whatever the operator wrote.
///
/// `ip_header` would let anybody choose the address they are seen with, Rocket's
/// log holds rejected form values, and larger bodies are read before they are refused.
pub fn rocket_config(figment: Figment, data_dir: &Path) -> Figment {
    let small = 16.kibibytes();
    let limits = ["form", "data-form", "json", "string", "bytes", "file", "msgpack"]
        .into_iter()
        .fold(Limits::new(), |limits, name| limits.limit(name, small));
    figment
        .merge(("ip_header", false))
        .merge(("ident", false))
        .merge(("log_level", "off"))
        .merge(("cli_colors", false))
        .merge(("limits", limits))
        .merge(("keep_alive", 5))
        .merge(("shutdown.ctrlc", true))
        .merge(("shutdown.signals", ["term"]))
        .merge(("shutdown.grace", 5))
        .merge(("shutdown.mercy", 5))
        // Templates are in the binary, but their fairing wants a folder that exists.
        .merge(("template_dir", data_dir))
}

/// Why the settings cannot be read: file, line and reason. The line itself is
/// not quoted, for it may hold a password.
pub(super) fn unreadable(why: &figment::Error) -> String {
    let source = why.metadata.as_ref().and_then(|about| about.source.as_ref());
    let place = source.and_then(|source| source.file_path());
    let place = place.map_or_else(String::new, |file| format!(" in {}", file.display()));
    let told = why.kind.to_string();
    let Some((at, rest)) = told.strip_prefix("TOML parse error at ").and_then(|told| {
        let (at, rest) = told.split_once('\n')?;
        Some((at.split(',').next()?, rest))
    }) else {
        let first = told.lines().next().unwrap_or_default();
        return format!("The settings{place} cannot be read: {first}.");
    };
    // A frame of three lines around the line, each with a bar after its number.
    let (frame, reasons): (Vec<&str>, Vec<&str>) = rest.lines().partition(|line| {
        let number = line.split('|').next().unwrap_or_default();
        line.contains('|') && number.trim().chars().all(|c| c.is_ascii_digit())
    });
    let quoted = frame.get(1).and_then(|line| line.split_once('|')).unwrap_or_default().1;
    let is_table = quoted.trim().starts_with('[');
    let reasons: Vec<String> = reasons
        .into_iter()
        .filter(|reason| *reason != "invalid table header")
        .map(|reason| occurs_twice(reason, is_table).unwrap_or_else(|| reason.to_owned()))
        .collect();
    format!("The settings{place} cannot be read: {at}: {}.", reasons.join(", "))
}

/// "duplicate key `doorward` in table `default`", for people.
fn occurs_twice(reason: &str, is_table: bool) -> Option<String> {
    let mut names = reason.strip_prefix("duplicate key `")?.split('`');
    let (key, table) = (names.next()?, names.nth(1));
    let name = table.map_or_else(|| key.to_owned(), |table| format!("{table}.{key}"));
    Some(match is_table {
        true => format!("the table [{name}] occurs twice; put its lines together"),
        false => format!("the key {name} occurs twice"),
    })
}

/// The variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

/// DOORWARD_* variables. Figment's own provider would guess types: a folder
/// named 007 would become the number 7.
pub(super) struct Variables(Dict);

impl Variables {
    pub(super) fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let given = variables.into_iter().filter_map(|(name, value)| {
            let key = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
            // The key ring itself, not a setting.
            (key != "keys").then(|| (key, Value::from(value)))
        });
        Self(given.collect())
    }
}

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        Metadata::named(ENVIRONMENT)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        if self.0.is_empty() {
            return Ok(Map::new());
        }
        let section = Dict::from([(SECTION.to_owned(), Value::from(self.0.clone()))]);
        Ok(Map::from([(Profile::Global, section)]))
    }
}
