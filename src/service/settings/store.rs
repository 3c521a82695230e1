//! The database.

use std::path::Path;

use super::section::{Section, Setting};
use crate::base::error::Result;
use crate::base::store::Options;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("database_url", "`sqlite://<data_dir>/doorward.db`", "the database"),
    Setting::new("auto_migrate", "`true`", "bring the schema up to date at the start"),
    Setting::new(
        "sqlite_synchronous",
        "`full`",
        "`full`: what was acknowledged survives a power cut; `normal` is faster",
    ),
    Setting::new(
        "database_connections",
        "`16`",
        "connections to PostgreSQL at most; about twice the cores of the database, divided by the number of servers",
    ),
    Setting::new(
        "database_notify",
        "`true`",
        "servers on one PostgreSQL wake each other; off, they look twice a second",
    ),
];

/// How the database is opened.
pub(super) fn read(section: &Section<'_>, data_dir: &Path) -> Result<Options> {
    let url = match section.database_url()? {
        Some(url) => url,
        None => format!("sqlite://{}/doorward.db", data_dir.display()),
    };
    let synchronous = [("full", true), ("normal", false)];
    Ok(Options {
        url,
        synchronous_full: section.one_of("sqlite_synchronous", &synchronous)?,
        connections: section.whole("database_connections", 16, 2..=1000)? as u32,
    })
}
