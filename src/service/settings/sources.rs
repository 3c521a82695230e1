//! Where settings come from, and those of Rocket that nobody may change.

use std::path::{Path, PathBuf};

use rocket::data::{Limits, ToByteUnit};
use rocket::figment::value::{Dict, Map, Value};
use rocket::figment::{self, Figment, Metadata, Profile, Provider};

use crate::base::error;
use crate::base::files;

/// The table with our settings, within a profile of Rocket.toml.
pub(super) const SECTION: &str = "doorward";
/// The name by which figment knows our variables.
pub(super) const ENVIRONMENT: &str = "DOORWARD_* variables";
const PREFIX: &str = "DOORWARD_";

/// Everything that was set: Rocket's defaults (127.0.0.1, port 8000), Rocket.toml
/// or what ROCKET_CONFIG names, ROCKET_* and, strongest, DOORWARD_* variables.
pub fn figment() -> Figment {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(PREFIX).then(|| (name, value.to_string_lossy().into_owned()))
    });
    rocket::Config::figment().merge(Variables::of(variables))
}

/// The settings file that was read; none where none was found.
pub fn file_read(figment: &Figment) -> Option<PathBuf> {
    let mut sources = figment.metadata().filter_map(|one| one.source.as_ref()?.file_path());
    sources.next().map(Path::to_owned)
}

/// Whether the keys come from the variable `DOORWARD_KEYS`, not from a file.
pub fn keys_in_variable() -> bool {
    std::env::var_os("DOORWARD_KEYS").is_some()
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
