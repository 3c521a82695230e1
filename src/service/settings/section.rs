//! Reads the values of the `doorward` section one by one, so that each fault
//! is one sentence with the key, what is accepted and where the value stands.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use ipnet::IpNet;
use rocket::figment::Figment;
use rocket::figment::error::Kind;
use rocket::figment::value::{Dict, Value};
use time::Duration;

use super::base_url::BaseUrl;
use super::sources::{SECTION, unreadable, variable};
use crate::base::error::{Error, Result};
use crate::base::network;
use crate::base::zone::Zone;
use crate::service::words;

/// One setting.
pub struct Setting {
    /// The key in Rocket.toml; in the environment in capitals behind `DOORWARD_`.
    pub key: &'static str,
    /// The default, as it would be written; of another form where it follows
    /// from other settings.
    pub default: &'static str,
    /// What it does, in a sentence of the table in the documents.
    pub meaning: &'static str,
}

impl Setting {
    pub(super) const fn new(
        key: &'static str,
        default: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { key, default, meaning }
    }
}

/// The values given, all under keys that exist.
pub(super) struct Section<'f> {
    figment: &'f Figment,
    values: Dict,
}

impl<'f> Section<'f> {
    /// The section in `figment`; an absent one is empty.
    pub(super) fn of(figment: &'f Figment, keys: &[&str]) -> Result<Self> {
        let values = match figment.find_value(SECTION) {
            Ok(Value::Dict(_, values)) => values,
            Ok(_) => {
                return Err(Error::broken(
                    "The setting `doorward` must be a table: [default.doorward].",
                ));
            }
            Err(why) if matches!(why.kind, Kind::MissingField(_)) => Dict::new(),
            Err(why) => return Err(Error::broken(unreadable(&why))),
        };
        let section = Self { figment, values };
        section.check_table_of_rocket(keys)?;
        match section.values.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(section.unknown(key, keys)),
            None => Ok(section),
        }
    }

    /// What stands in the file next to our section is Rocket's, or a mistake. Variables may be
    /// for other programs.
    fn check_table_of_rocket(&self, keys: &[&str]) -> Result<()> {
        let Ok(Value::Dict(_, all)) = self.figment.find_value("") else { return Ok(()) };
        let known = || rocket::Config::PARAMETERS.iter().copied().chain([SECTION]);
        let in_file = |value: &Value| {
            let source = self.figment.get_metadata(value.tag());
            source.is_some_and(|source| source.name.starts_with("TOML"))
        };
        let mut names = all.iter().filter(|(_, value)| in_file(value)).map(|(name, _)| &**name);
        let Some(name) = names.find(|name| known().all(|one| one != *name)) else { return Ok(()) };
        let place = self.place_of(name, all.get(name));
        let hint = if keys.contains(&name) {
            format!("`{name}` belongs below [default.doorward].")
        } else if let Some(near) = words::near(name, known()) {
            format!("Did you mean `{near}`?")
        } else if let Some(near) = words::near(name, keys.iter().copied()) {
            format!("Did you mean `{near}` below [default.doorward]?")
        } else {
            format!("There are: {}.", known().collect::<Vec<_>>().join(", "))
        };
        Err(Error::broken(format!("There is no setting `{name}` in [default]{place}. {hint}")))
    }

    fn unknown(&self, key: &str, keys: &[&str]) -> Error {
        let hint = match words::near(key, keys.iter().copied()) {
            Some(known) => format!("Did you mean `{known}`?"),
            None => format!("There are: {}.", keys.join(", ")),
        };
        Error::broken(format!("There is no setting `{key}`{}. {hint}", self.place(key)))
    }

    /// Whether the key is given.
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// A whole number within `range`.
    pub(super) fn whole(&self, key: &str, default: u64, range: RangeInclusive<u64>) -> Result<u64> {
        let given = match self.values.get(key) {
            None => return Ok(default),
            Some(Value::String(_, text)) => text.trim().parse().ok(),
            Some(value) => value
                .to_i128()
                .and_then(|number| u64::try_from(number).ok())
                .or_else(|| value.to_u128().and_then(|number| u64::try_from(number).ok())),
        };
        given.filter(|number| range.contains(number)).ok_or_else(|| {
            self.fault(key, &format!("a whole number from {} to {}", range.start(), range.end()))
        })
    }

    /// A time in whole seconds.
    pub(super) fn seconds(
        &self,
        key: &str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<Duration> {
        Ok(Duration::seconds(self.whole(key, default, range)? as i64))
    }

    /// Yes or no.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool> {
        match self.values.get(key) {
            None => Ok(default),
            Some(Value::Bool(_, flag)) => Ok(*flag),
            Some(Value::String(_, text)) if text == "true" => Ok(true),
            Some(Value::String(_, text)) if text == "false" => Ok(false),
            Some(_) => Err(self.fault(key, "true or false")),
        }
    }

    /// One of some words; the first is the default.
    pub(super) fn one_of<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T> {
        let chosen = match self.values.get(key) {
            None => choices.first(),
            Some(Value::String(_, text)) => choices.iter().find(|(word, _)| word == text),
            Some(_) => None,
        };
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<String> =
                choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.fault(key, &words.join(" or "))
        })
    }

    /// Text that is not empty.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::String(_, text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(self.fault(key, "a text that is not empty")),
        }
    }

    /// A text that may be left empty, which is as if it were absent.
    pub(super) fn optional(&self, key: &str) -> Result<Option<String>> {
        match self.values.get(key) {
            Some(Value::String(_, text)) if text.is_empty() => Ok(None),
            _ => self.text(key),
        }
    }

    /// A secret that nobody can guess, of so many characters at least; it may be
    /// left empty, which is as if it were absent. No sentence shows it.
    pub(super) fn secret(&self, key: &str, least: usize) -> Result<Option<String>> {
        let given = self.optional(key)?;
        if given.as_ref().is_some_and(|secret| secret.trim().chars().count() < least) {
            return Err(self.fault(key, &format!("a secret of {least} characters or more")));
        }
        Ok(given)
    }

    /// `data_dir`, which also becomes part of an address.
    pub(super) fn data_dir(&self) -> Result<PathBuf> {
        let path = self.text("data_dir")?.unwrap_or_else(|| "data".to_owned());
        if path.contains(['?', '%']) {
            return Err(self.fault("data_dir", "a path without ? and %"));
        }
        Ok(PathBuf::from(path))
    }

    /// `database_url`, which no sentence shows.
    pub(super) fn database_url(&self) -> Result<Option<String>> {
        let url = self.text("database_url")?;
        let known = |url: &String| {
            ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme))
        };
        if url.as_ref().is_some_and(|url| !known(url)) {
            return Err(
                self.fault("database_url", "an address that begins with sqlite: or postgres:")
            );
        }
        Ok(url)
    }

    /// `base_url`, or this machine at Rocket's port.
    pub(super) fn base_url(&self) -> Result<BaseUrl> {
        if let Some(text) = self.text("base_url")? {
            return BaseUrl::parse(&text).map_err(|accepted| self.fault("base_url", accepted));
        }
        let port: u16 = self.figment.extract_inner("port").unwrap_or(8000);
        let scheme = match self.figment.find_value("tls") {
            Ok(Value::Dict(..)) => "https",
            _ => "http",
        };
        BaseUrl::parse(&format!("{scheme}://localhost:{port}"))
            .map_err(|_| Error::broken("The setting `base_url` must be given when `port` is 0."))
    }

    /// A list of networks; in a variable they stand with commas between them.
    pub(super) fn networks(&self, key: &str) -> Result<Vec<IpNet>> {
        let given: Option<Vec<&str>> = match self.values.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::String(_, text)) => {
                let text = text.trim().trim_start_matches('[').trim_end_matches(']');
                let words = text.split([',', ' ']).map(|word| word.trim_matches('"'));
                Some(words.filter(|word| !word.is_empty()).collect())
            }
            Some(Value::Array(_, values)) => values.iter().map(Value::as_str).collect(),
            Some(_) => None,
        };
        given
            .and_then(|words| words.into_iter().map(|text| network::parse(text.trim())).collect())
            .ok_or_else(|| self.fault(key, "a list of addresses and networks like 10.0.0.0/8"))
    }

    /// A time zone by its name; UTC if none is given.
    pub(super) fn time_zone(&self, key: &str) -> Result<Zone> {
        let Some(name) = self.text(key)? else { return Ok(Zone::UTC) };
        Zone::named(&name).ok_or_else(|| {
            let hint = match near_zone(&name) {
                Some(known) => format!("Did you mean \"{known}\"?"),
                None => "All names: https://en.wikipedia.org/wiki/List_of_tz_database_time_zones"
                    .to_owned(),
            };
            let fault = self.fault(key, "a time zone such as \"Europe/Berlin\" or \"UTC\"");
            Error::broken(format!("{fault} {hint}"))
        })
    }

    fn fault(&self, key: &str, accepted: &str) -> Error {
        let is = match self.values.get(key) {
            _ if ["database_url", "metrics_token"].contains(&key) => String::new(),
            Some(Value::String(_, text)) => format!(", but is {text:?}"),
            Some(Value::Num(_, number)) => match number.to_i128() {
                Some(whole) => format!(", but is {whole}"),
                None => ", but is another number".to_owned(),
            },
            Some(Value::Bool(_, flag)) => format!(", but is {flag}"),
            Some(Value::Array(..)) => ", but is another list".to_owned(),
            _ => String::new(),
        };
        Error::broken(format!("The setting `{key}` must be {accepted}{is}{}.", self.place(key)))
    }

    /// Where the value of `key` stands, in brackets.
    fn place(&self, key: &str) -> String {
        self.place_of(key, self.values.get(key))
    }

    fn place_of(&self, key: &str, value: Option<&Value>) -> String {
        let Some(source) = value.and_then(|value| self.figment.get_metadata(value.tag())) else {
            return String::new();
        };
        match source.source.as_ref().and_then(|source| source.file_path()) {
            Some(file) => format!(" ({})", file.display()),
            None if source.name == super::sources::ENVIRONMENT => format!(" ({})", variable(key)),
            None => String::new(),
        }
    }
}

/// The zone that `name` may mean: of that city, or written nearly so.
fn near_zone(name: &str) -> Option<&'static str> {
    let asked = name.trim().replace(' ', "_").to_lowercase();
    let is_city = |known: &&str| known.to_lowercase().rsplit('/').next() == Some(&asked);
    Zone::names()
        .find(|known| known.to_lowercase() == asked)
        .or_else(|| Zone::names().find(is_city))
        .or_else(|| words::near(name, Zone::names()))
}
