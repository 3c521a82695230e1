//! How many backups a folder keeps.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::files::KEYS;
use crate::base::error::{Error, Result};
use crate::base::files::with_ending;
use crate::base::timestamp::Timestamp;

/// The name of a backup that is written at that moment: `doorward-20260101T120000Z.db`.
/// Names in order are times in order.
pub(super) fn name(now: Timestamp) -> String {
    format!("doorward-{}.db", now.iso().replace(['-', ':'], ""))
}

/// Whether this command gave a file that name.
fn is_ours(name: &str) -> bool {
    let time = name.strip_prefix("doorward-").and_then(|name| name.strip_suffix(".db"));
    let is_fit = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    time.is_some_and(|time| time.len() == 16 && time.bytes().enumerate().all(is_fit))
}

/// Removes all backups of [`name`] in that folder but `written` and the newest of
/// the others, so that `keep` are left, each with its keys. Everything else there
/// stays, and an empty file is no backup. Returns how many are gone.
///
/// # Errors
/// The folder cannot be read, or a file in it cannot be removed.
pub(super) fn keep_newest(folder: &Path, written: &Path, keep: NonZeroUsize) -> Result<u64> {
    let failed = |what: &Path, why: std::io::Error| {
        Error::broken(format!("Older backups cannot be removed: {}: {why}.", what.display()))
    };
    let mut ours = vec![];
    for entry in fs::read_dir(folder).map_err(|why| failed(folder, why))? {
        let entry = entry.map_err(|why| failed(folder, why))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let is_other = entry.path() != written && entry.metadata().is_ok_and(|one| one.len() > 0);
        if is_file && is_other && entry.file_name().to_str().is_some_and(is_ours) {
            ours.push(entry.path());
        }
    }
    ours.sort_unstable();
    let surplus = ours.len().saturating_sub(keep.get() - 1);
    for file in &ours[..surplus] {
        let keys: PathBuf = with_ending(file, KEYS);
        if keys.exists() {
            fs::remove_file(&keys).map_err(|why| failed(&keys, why))?;
        }
        fs::remove_file(file).map_err(|why| failed(file, why))?;
    }
    Ok(surplus as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backup_that_was_just_written_is_kept_whatever_the_others_are_called() {
        let folder = tempfile::tempdir().unwrap();
        let file = |time: &str, text: &str| {
            let file = folder.path().join(format!("doorward-{time}.db"));
            fs::write(&file, text).unwrap();
            file
        };
        let written = file("20260101T120000Z", "written");
        let [later, old] = [file("20990101T000000Z", "x"), file("20250101T000000Z", "x")];
        let empty = file("20980101T000000Z", "");
        let keep = |number| NonZeroUsize::new(number).unwrap();
        assert_eq!(keep_newest(folder.path(), &written, keep(2)).unwrap(), 1);
        assert!(written.exists() && later.exists() && empty.exists() && !old.exists());
        assert_eq!(keep_newest(folder.path(), &written, keep(1)).unwrap(), 1);
        assert!(written.exists() && !later.exists());
    }

    #[test]
    fn only_names_that_a_backup_is_given_are_ours() {
        assert!(is_ours(&name(Timestamp::from_seconds(1_767_268_800))));
        assert_eq!(name(Timestamp::from_seconds(1_767_268_800)), "doorward-20260101T120000Z.db");
        for other in [
            "doorward.db",
            "doorward-.db",
            "doorward-20260101T120000Z.db.keys.json",
            "doorward-20260101T120000Z.db-wal",
            "doorward-20260101T120000Z (1).db",
            "doorward-before-upgrade1.db",
            "doorward-20260101 120000Z.db",
            "doorward-20260101T12000éZ.db",
            "old-doorward-20260101T120000Z.db",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
