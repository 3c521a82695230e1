//! The files of a backup.

use std::fs::{File, OpenOptions};
use std::io::{Error as IoError, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::base::error::{Error, Result};

/// The keys that belong to a backup are in a file of its name and this.
pub(super) const KEYS: &str = ".keys.json";

/// Makes a file where there is none, for its owner alone.
pub(super) fn make(file: &Path) -> Result<File> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    made.map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => {
            Error::broken(format!("The file {} exists already.", file.display()))
        }
        _ => unwritable(file, &why),
    })
}

pub(super) fn unwritable(file: &Path, why: &IoError) -> Error {
    Error::broken(format!("The file {} cannot be written: {why}.{}", file.display(), acting(why)))
}

/// As whom a file cannot be used, as it may have been root who asked for it.
pub(super) fn acting(why: &IoError) -> String {
    if why.kind() != ErrorKind::PermissionDenied {
        return String::new();
    }
    let user = rustix::process::geteuid().as_raw();
    format!(
        " This command acts as user number {user}, the owner of the data folder: choose a place that is open to that user."
    )
}
