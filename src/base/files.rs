//! Checks the owners of the data folder, the database file and the settings.
//! Anyone else who can write to them can add accounts and sessions of their
//! own; anyone who can read them has every name and hash.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::store;

/// Next to its file, SQLite keeps a log and an index of it.
pub const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// The file itself, or the one that SQLite names with this ending.
pub fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Looks at a settings file: it says where passwords and accounts go.
///
/// # Errors
/// One sentence that says to whom it belongs or who can write to it, and what
/// to run.
pub fn check_settings(file: &Path) -> Result<()> {
    let name = file.display();
    // Also of a link: it can be put in the place of a file that was read.
    let look = || Ok((std::fs::symlink_metadata(file)?, std::fs::metadata(file)?));
    let (link, about) = look().map_err(|why: std::io::Error| {
        Error::broken(format!("The settings file {name} cannot be read: {why}."))
    })?;
    if let Some(theirs) = [link, about.clone()].iter().find(|one| !is_trusted(one)) {
        return Err(Error::broken(format!(
            "The settings file {name} belongs to another user (number {}). Make this user or root its owner (chown), or name the file in the variable ROCKET_CONFIG.",
            theirs.uid()
        )));
    }
    if about.mode() & 0o002 != 0 {
        return Err(Error::broken(format!(
            "Other users can write to the settings file {name}. Run: chmod o-w {name}"
        )));
    }
    Ok(())
}

/// Whether it belongs to this user or to root.
fn is_trusted(about: &Metadata) -> bool {
    [0, rustix::process::geteuid().as_raw()].contains(&about.uid())
}

/// Looks at the data folder.
///
/// # Errors
/// As [`check_settings`].
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
/// As [`check_settings`].
pub fn check_database(url: &str) -> Result<()> {
    let Some(file) = store::sqlite_file(url) else { return Ok(()) };
    check_surroundings(&file, "the database is")?;
    for file in ENDINGS.map(|ending| with_ending(&file, ending)) {
        if let Ok(about) = std::fs::metadata(&file) {
            let name = file.display();
            check_one(&about, &format!("file {name}"), &format!("chmod 600 {name}"))?;
        }
    }
    Ok(())
}

/// Looks at the folder of a file. Who can write there, or owns it, can put
/// another file in its place: also an older database of Doorward.
///
/// # Errors
/// As [`check_settings`].
pub fn check_surroundings(file: &Path, what: &str) -> Result<()> {
    const STICKY: u32 = 0o1000;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let Ok(about) = std::fs::metadata(folder) else { return Ok(()) };
    let name = folder.display();
    if !is_trusted(&about) {
        return Err(Error::broken(format!(
            "The folder {name}, where {what}, belongs to another user (number {}). Make this user or root its owner (chown).",
            about.uid()
        )));
    }
    if about.mode() & 0o022 != 0 && about.mode() & STICKY == 0 {
        return Err(Error::broken(format!(
            "Other users can write to the folder {name}, where {what}. Run: chmod go-w {name}"
        )));
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
