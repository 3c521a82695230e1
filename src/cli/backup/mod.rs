//! `doorward backup`, `doorward restore` and `doorward copy`.

mod copy;
mod files;
mod restore;
mod retention;

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf, absolute};

use clap::Args;
use zeroize::Zeroizing;

pub(super) use self::copy::copy;
pub(super) use self::restore::{Restore, restore};

use self::files::{KEYS, make, unwritable};
use crate::base::error::{Error, Result};
use crate::base::files::with_ending;
use crate::base::store;
use crate::cli::terminal::{count, explain, say};
use crate::domain::audit::{self, Entry, RequestSource};
use crate::service::settings::Settings;
use crate::service::{Doorward, events};

/// What `doorward backup` takes.
#[derive(Args)]
pub(super) struct Backup {
    /// A file that does not exist yet, or a folder: then the file is named after the time
    file: PathBuf,
    /// Write the keys too, into a file next to it: FILE.keys.json
    #[arg(long)]
    with_keys: bool,
    /// In a folder: keep only the newest N backups that this command wrote there
    #[arg(long, value_name = "N")]
    keep: Option<NonZeroUsize>,
}

/// Refuses what can be refused before anything is opened.
///
/// # Errors
/// One sentence for the operator.
pub(super) fn check(backup: &Backup, settings: &Settings) -> Result<()> {
    if store::sqlite_file(&settings.store.url).is_none() {
        return Err(Error::broken("Back up PostgreSQL with pg_dump."));
    }
    if backup.keep.is_some() && !backup.file.is_dir() {
        return Err(Error::broken(format!(
            "{} is no folder: --keep needs one that exists.",
            backup.file.display()
        )));
    }
    if backup.with_keys && settings.key_ring.is_some() {
        return Err(Error::broken(
            "The keys are in the variable DOORWARD_KEYS: keep a copy of its content elsewhere.",
        ));
    }
    Ok(())
}

/// Writes a consistent copy of the database while servers work on it.
pub(super) async fn backup(backup: Backup, doorward: &Doorward) -> Result<()> {
    let now = doorward.clock.now();
    let folder = backup.file.is_dir().then_some(&*backup.file);
    let file = match folder {
        Some(folder) => folder.join(retention::name(now)),
        None => backup.file.clone(),
    };
    let keys = backup.with_keys.then(|| with_ending(&file, KEYS));
    // Made here, so that no file or link of somebody else can be there: SQLite takes an empty one.
    make(&file)?;
    let written = write(&file, keys.as_deref(), doorward).await;
    written.inspect_err(|_| drop(fs::remove_file(&file)))?;
    let origin = RequestSource::command_line();
    let told = Entry::of_service(events::BACKED_UP, &origin);
    if let Err(error) = audit::record(doorward.db.write(), told, now).await {
        tracing::error!(%error, "the backup cannot be recorded");
    }
    let name = file.display();
    match (keys, doorward.keys.file()) {
        (Some(keys), _) => say(&format!(
            "The database is in {name}, and the keys in {}. Keep both where nobody else can read them: with the two, any account can be signed in to.",
            keys.display()
        )),
        (None, Some(keys)) => say(&format!(
            "The database is in {name}. The keys are not: keep a copy of {} elsewhere.",
            absolute(keys).as_deref().unwrap_or(keys).display()
        )),
        (None, None) => say(&format!(
            "The database is in {name}. The keys are not: keep a copy of DOORWARD_KEYS elsewhere."
        )),
    }
    if let (Some(folder), Some(keep)) = (folder, backup.keep) {
        let removed = retention::keep_newest(folder, &file, keep)?;
        if removed > 0 {
            explain(&format!("{} removed.", count(removed, "older backup")));
        }
    }
    Ok(())
}

/// The keys after the database: they include all that signed before it was copied.
async fn write(file: &Path, keys: Option<&Path>, doorward: &Doorward) -> Result<()> {
    let failed = |why| unwritable(file, &why);
    doorward.db.backup(file).await?;
    File::open(file).and_then(|file| file.sync_all()).map_err(failed)?;
    let (Some(copy), Some(keys)) = (keys, doorward.keys.file()) else { return Ok(()) };
    let text = fs::read(keys).map(Zeroizing::new).map_err(|why| {
        Error::broken(format!("The key file {} cannot be read: {why}.", keys.display()))
    })?;
    let mut made = make(copy)?;
    let written = made.write_all(&text).and_then(|()| made.sync_all());
    written.map_err(|why| {
        drop(fs::remove_file(copy));
        unwritable(copy, &why)
    })
}
