//! Opening the service for a command. Only what is meant to create a service
//! makes a folder or keys: in the wrong folder every other command says where
//! it looked.

pub(super) mod environment;
pub(super) mod owner;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf, absolute};

use rocket::figment::Figment;

use crate::base::error::{Error, Result};
use crate::base::store;
use crate::cli::terminal::say;
use crate::service::Doorward;
use crate::service::settings::{self, Settings};

/// Opens a service that exists, for its owner alone.
///
/// # Errors
/// There is no data, and where it was looked for; somebody else's is refused.
pub(super) async fn open(figment: &Figment, settings: Settings) -> Result<Doorward> {
    find(figment, &settings)?;
    settings.check_owners()?;
    Doorward::open_existing(settings).await
}

/// The same for the doctor: it reports itself what is open to others.
pub(super) async fn examine(figment: &Figment, settings: Settings) -> Result<Doorward> {
    find(figment, &settings)?;
    say(&format!("data      {}", shown(&settings.data_dir)));
    let file = settings::file_read(figment);
    say(&format!(
        "settings  {}",
        file.map_or_else(|| format!("none: {}", none_read()), |file| shown(&file))
    ));
    Doorward::examine(settings).await
}

/// Makes the data folder for its owner alone, and looks at whose everything in use is.
pub(super) fn make_data_folder(settings: &Settings) -> Result<()> {
    let folder = &settings.data_dir;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|why| {
        let folder = full(folder);
        Error::broken(format!("The folder {} cannot be created: {why}.", folder.display()))
    })?;
    settings.check_owners()
}

/// Looks for what a service consists of, without making any of it.
///
/// # Errors
/// One sentence says where it was looked for, one which settings said so, and
/// one what to do.
pub(super) fn find(figment: &Figment, settings: &Settings) -> Result<()> {
    find_database(figment, settings)?;
    let file = &settings.keys_file;
    // With a database elsewhere, the keys are all that is here. A folder without
    // them may be that of a service that has lost them, which is for others to say.
    let here = settings.key_ring.is_some() || is_there(file)?;
    if here || file.parent().is_some_and(Path::is_dir) {
        return Ok(());
    }
    Err(nothing(figment, settings, file))
}

/// The same for a service whose keys may be lost.
///
/// # Errors
/// As [`find`].
pub(super) fn find_database(figment: &Figment, settings: &Settings) -> Result<()> {
    match store::sqlite_file(&settings.store.url) {
        Some(file) if !is_there(&file)? => Err(nothing(figment, settings, &file)),
        _ => Ok(()),
    }
}

fn nothing(figment: &Figment, settings: &Settings, missing: &Path) -> Error {
    let folder = &settings.data_dir;
    let place = if missing.starts_with(folder) { folder } else { missing };
    let read = match settings::file_read(figment) {
        Some(file) => format!("The settings come from {}.", shown(&file)),
        None => format!("No settings file was found: {}.", none_read()),
    };
    Error::broken(format!(
        "No Doorward data in {}. {read} Run the command where the server runs, or set DOORWARD_DATA_DIR; `doorward serve` creates the data of a new service.",
        shown(place)
    ))
}

fn is_there(file: &Path) -> Result<bool> {
    file.try_exists().map_err(|why| {
        Error::broken(format!(
            "Whether there is a file {} cannot be seen: {why}. Run this as the owner of the data folder, or as root.",
            shown(file)
        ))
    })
}

/// A path that does not depend on the working directory.
fn full(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn shown(path: &Path) -> String {
    full(path).display().to_string()
}

fn none_read() -> String {
    let here = shown(Path::new("."));
    match std::env::var("ROCKET_CONFIG") {
        Ok(file) => format!("ROCKET_CONFIG names {file}, which is not in {here} or above it"),
        Err(_) => format!("no Rocket.toml in {here} or above it, and no {}", settings::INSTALLED),
    }
}
