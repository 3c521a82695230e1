//! Settings of the pages and the API.

use ipnet::IpNet;

use super::section::{Section, Setting};
use crate::base::error::Result;
use crate::base::zone::Zone;

/// Who may open an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everyone.
    Open,
    /// Only the operator and administrators.
    Closed,
}

/// Settings of the pages and the API. It holds a secret: there is no `Debug`.
#[derive(Clone)]
pub struct Web {
    /// Who may open an account.
    pub registration: Registration,
    /// Whether somebody has decided about that.
    pub registration_is_set: bool,
    /// Proxies whose X-Forwarded-For is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The time zone in which pages show times, and in which days are asked for.
    pub time_zone: Zone,
    /// Whether browsers demand https of all hosts below ours, too.
    pub hsts_subdomains: bool,
    /// Whether `/api/me` takes the access token in the address, too.
    pub allow_query_token: bool,
    /// Who may see `/metrics`: who has this token; without one, this machine.
    pub metrics_token: Option<String>,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "registration",
        "`open`",
        "`closed`: only administrators and the operator create accounts",
    ),
    Setting::new(
        "time_zone",
        "`UTC`",
        "time zone of the times and days on pages, by its name in the IANA database, such as `Europe/Berlin`; exports, logs and commands stay in UTC",
    ),
    Setting::new("trusted_proxies", "`[]`", "networks whose `X-Forwarded-For` is trusted"),
    Setting::new(
        "hsts_subdomains",
        "`false`",
        "tell browsers to use https for every host below the one of `base_url`, too, for two years",
    ),
    Setting::new(
        "allow_query_token",
        "`false`",
        "take the token of `GET /api/me` from the address, too (RFC 6750, section 2.3, advises against it)",
    ),
    Setting::new(
        "metrics_token",
        "none",
        "bearer token for `/metrics`, at least 16 characters; without one, only this machine may read it",
    ),
];

/// Reads them.
pub(super) fn read(section: &Section<'_>) -> Result<Web> {
    let registration = [("open", Registration::Open), ("closed", Registration::Closed)];
    Ok(Web {
        registration: section.one_of("registration", &registration)?,
        registration_is_set: section.has("registration"),
        time_zone: section.time_zone("time_zone")?,
        trusted_proxies: section.networks("trusted_proxies")?,
        hsts_subdomains: section.flag("hsts_subdomains", false)?,
        allow_query_token: section.flag("allow_query_token", false)?,
        metrics_token: section.secret("metrics_token", 16)?,
    })
}
