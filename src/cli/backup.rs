//! `doorward backup`, `doorward restore` and `doorward copy`.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::files::{self, ENDINGS, with_ending};
use crate::base::store::{self, Db};
use crate::cli::serve::lock_database;
use crate::cli::terminal::{count, say};
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::one_time;
use crate::domain::sessions::Actor;
use crate::service::settings::Settings;
use crate::service::transfer;
use crate::service::{Doorward, events};

/// Writes a consistent copy of the database while servers work on it.
pub(super) async fn backup(file: &Path, doorward: &Doorward) -> Result<()> {
    let name = file.display();
    // Made here, so that nobody else's file or link can be there: SQLite takes an empty one.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    made.map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => Error::broken(format!("The file {name} exists already.")),
        _ => Error::broken(format!("The file {name} cannot be written: {why}.{}", acting(&why))),
    })?;
    doorward.db.backup(file).await.inspect_err(|_| drop(fs::remove_file(file)))?;
    let origin = RequestSource::command_line();
    let told = Entry::of_service(events::BACKED_UP, &origin);
    if let Err(error) = audit::record(doorward.db.write(), told, doorward.clock.now()).await {
        tracing::error!(%error, "the backup cannot be recorded");
    }
    say(&format!("The database is in {name}. The keys are not: keep them elsewhere."));
    Ok(())
}

/// Puts a backup in the place of the database, and ends every session: those
/// that ended since the backup must not come back to life.
pub(super) async fn restore(file: Option<PathBuf>, settings: Settings) -> Result<()> {
    let place = store::sqlite_file(&settings.store.url);
    let (Some(file), Some(place)) = (&file, &place) else {
        if file.is_some() {
            return Err(Error::broken(
                "Restore PostgreSQL with pg_restore; then run `doorward restore` without a file.",
            ));
        }
        let ended = end_sessions(&Doorward::open(settings).await?).await?;
        say(&format!("{} ended.", count(ended, "session")));
        return Ok(());
    };
    let _lock = lock_database(&settings)?;
    let beside = place.with_extension("restoring");
    let failed = |why: std::io::Error| {
        Error::broken(format!("The backup cannot be copied: {why}.{}", acting(&why)))
    };
    remove_database(&beside)?;
    fs::copy(file, &beside).map_err(failed)?;
    // Whatever the backup was kept with: this is the database, its owner's alone.
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let url = format!("sqlite://{}", beside.display());
    let store = store::Options { url, ..settings.store.clone() };
    let restored = Settings { store, ..settings };
    let doorward = Doorward::open(restored).await.map_err(|error| {
        Error::broken(format!("{} is no backup of Doorward: {error}", file.display()))
    })?;
    let checked = doorward.db.check().await;
    let ended = match checked {
        Ok(()) => end_sessions(&doorward).await,
        Err(error) => Err(error),
    };
    doorward.db.clone().close().await;
    let ended = ended.inspect_err(|_| drop(remove_database(&beside)))?;
    let replaced = place.with_extension("replaced");
    remove_database(&replaced)?;
    for ending in ENDINGS {
        let from = with_ending(place, ending);
        if from.exists() {
            fs::rename(&from, with_ending(&replaced, ending)).map_err(failed)?;
        }
    }
    fs::rename(&beside, place).map_err(failed)?;
    say(&format!(
        "The backup is in place, and {} ended. What was there before is {}.",
        count(ended, "session"),
        replaced.display()
    ));
    Ok(())
}

/// As whom a file cannot be used, as it may have been root who asked for it.
fn acting(why: &std::io::Error) -> String {
    if why.kind() != ErrorKind::PermissionDenied {
        return String::new();
    }
    let user = rustix::process::geteuid().as_raw();
    format!(
        " This command acts as user number {user}, the owner of the data folder: choose a place that is open to that user."
    )
}

fn remove_database(file: &Path) -> Result<()> {
    for ending in ENDINGS {
        let file = with_ending(file, ending);
        match fs::remove_file(&file) {
            Err(why) if why.kind() != ErrorKind::NotFound => {
                let name = file.display();
                return Err(Error::broken(format!("The file {name} cannot be removed: {why}.")));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn end_sessions(doorward: &Doorward) -> Result<u64> {
    let now = doorward.clock.now();
    let origin = RequestSource::command_line();
    one_time::end_after_restore(&doorward.sessions, Actor::operator(&origin), now).await
}

/// Moves everything from one database to another, and checks it.
pub(super) async fn copy(from: String, to: String, settings: &Settings) -> Result<()> {
    if [&from, &to].into_iter().any(|url| store::has_password(url)) {
        return Err(Error::broken(
            "Every user of this machine can read the arguments of a command: leave the password out of the address. PostgreSQL's is taken from the variable PGPASSWORD or from ~/.pgpass.",
        ));
    }
    let open = async |url: String| {
        files::check_database(&url)?;
        let db = Db::open(&store::Options {
            url,
            synchronous_full: settings.store.synchronous_full,
            connections: 4,
        })
        .await?;
        db.migrate_up().await?;
        Ok::<_, Error>(db)
    };
    let (from, to) = (open(from).await?, open(to).await?);
    let copied = transfer::copy(&from, &to, |table, rows| {
        say(&format!("{table}: {rows} rows"));
    })
    .await?;
    say(&format!("{copied} rows are in both, and they are the same."));
    for db in [from, to] {
        db.close().await;
    }
    Ok(())
}
