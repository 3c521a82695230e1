//! Where the service is reached, and where its files are.

use std::path::PathBuf;

use super::base_url::BaseUrl;
use super::section::{Section, Setting};
use crate::base::error::Result;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "base_url",
        "`http://localhost:8000` (follows Rocket's `port` and `tls`)",
        "where people reach the service; anything but localhost must be `https`",
    ),
    Setting::new("data_dir", "`data`", "folder for database, keys and setup token"),
    Setting::new(
        "keys_file",
        "`<data_dir>/keys.json`",
        "the signing keys; or the same JSON in the variable `DOORWARD_KEYS`",
    ),
];

/// The address, the data folder and the key file.
pub(super) fn read(section: &Section<'_>) -> Result<(BaseUrl, PathBuf, PathBuf)> {
    let data_dir = section.data_dir()?;
    let keys_file = match section.text("keys_file")? {
        Some(file) => PathBuf::from(file),
        None => data_dir.join("keys.json"),
    };
    Ok((section.base_url()?, data_dir, keys_file))
}
