//! The audit log and the log of the program.

use time::Duration;
use tracing::level_filters::LevelFilter;

use super::section::{Section, Setting};
use crate::base::error::Result;
use crate::base::logging::LogFormat;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("audit_retention_days", "`180`", "older audit events are removed; `0` keeps all"),
    Setting::new("log_format", "`text`", "or `json`"),
    Setting::new("log_level", "`info`", "or `error`, `warn`, `debug`"),
];

/// How long audit events are kept; `None`: forever.
pub(super) fn audit_retention(section: &Section<'_>) -> Result<Option<Duration>> {
    Ok(match section.whole("audit_retention_days", 180, 0..=36_500)? {
        0 => None,
        days => Some(Duration::days(days as i64)),
    })
}

/// What log lines look like, and the least important that are written.
pub(super) fn log(section: &Section<'_>) -> Result<(LogFormat, LevelFilter)> {
    let levels = [
        ("info", LevelFilter::INFO),
        ("error", LevelFilter::ERROR),
        ("warn", LevelFilter::WARN),
        ("debug", LevelFilter::DEBUG),
    ];
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    Ok((section.one_of("log_format", &formats)?, section.one_of("log_level", &levels)?))
}
