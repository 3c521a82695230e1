//! Whose the data folder and the database file are. Whoever else can write to
//! them can put in accounts and sessions of their own; whoever can read them
//! has every name and hash.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::db;
use crate::error::{Error, Result};

/// Beside its file, SQLite keeps a log and an index of it.
pub const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// The file itself, or that beside it which SQLite names with this ending.
pub fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Looks at the data folder and the files of the database, as far as they exist.
///
/// # Errors
/// One sentence that says what belongs to somebody else or is open to others,
/// and what to run.
pub fn check(settings: &Settings) -> Result<()> {
    check_folder(&settings.data_dir)?;
    check_database(&settings.database_url)
}

/// Looks at the data folder.
///
/// # Errors
/// As [`check`].
pub fn check_folder(folder: &Path) -> Result<()> {
    let name = folder.display();
    let about = std::fs::metadata(folder)
        .map_err(|why| Error::broken(format!("The folder {name} cannot be read: {why}.")))?;
    check_one(&about, &format!("folder {name}"), &format!("chmod 700 {name}"))
}

/// Looks at the files of a SQLite database, as far as they exist, and at the
/// folder they are in.
///
/// # Errors
/// As [`check`].
pub fn check_database(url: &str) -> Result<()> {
    const STICKY: u32 = 0o1000;
    let Some(file) = db::sqlite_file(url) else { return Ok(()) };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Who can write there can put another file in its place.
    if let Ok(about) = std::fs::metadata(folder)
        && about.mode() & 0o022 != 0
        && about.mode() & STICKY == 0
    {
        let name = folder.display();
        return Err(Error::broken(format!(
            "Other users can write to the folder {name}, where the database is. Run: chmod go-w {name}"
        )));
    }
    for file in ENDINGS.map(|ending| with_ending(&file, ending)) {
        if let Ok(about) = std::fs::metadata(&file) {
            let name = file.display();
            check_one(&about, &format!("file {name}"), &format!("chmod 600 {name}"))?;
        }
    }
    Ok(())
}

fn check_one(about: &Metadata, what: &str, mend: &str) -> Result<()> {
    let (owner, ours) = (about.uid(), rustix::process::geteuid().as_raw());
    if owner != ours {
        return Err(Error::broken(format!(
            "The {what} belongs to another user (number {owner}), and this is user number {ours}. Run this as its owner (sudo -u), or make this user its owner (chown)."
        )));
    }
    if about.mode() & 0o077 != 0 {
        return Err(Error::broken(format!("Others can look into the {what}. Run: {mend}")));
    }
    Ok(())
}
