//! `doorward restore`. Everything is checked on copies next to their places;
//! what is refused leaves nothing behind.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf, absolute};

use clap::Args;

use super::files::{KEYS, acting};
use crate::base::clock::Clock;
use crate::base::error::{Error, Result};
use crate::base::files::{ENDINGS, with_ending};
use crate::base::keys::{Keys, in_use};
use crate::base::store::{self, Db};
use crate::cli::keys::accept_present;
use crate::cli::open::make_data_folder;
use crate::cli::serve::lock_database;
use crate::cli::terminal::{count, say};
use crate::domain::audit::RequestSource;
use crate::domain::one_time;
use crate::domain::personal_tokens;
use crate::domain::sessions::Actor;
use crate::service::Doorward;
use crate::service::settings::Settings;

/// What `doorward restore` takes.
#[derive(Args)]
pub(in crate::cli) struct Restore {
    /// The backup, with its keys in FILE.keys.json if the key file is not in place; leave it out
    /// if the database was restored by other means
    file: Option<PathBuf>,
    /// The keys are lost: go on with those in place, or create new ones
    #[arg(long, requires = "file")]
    new_keys: bool,
    /// Personal tokens stay good, also those that were revoked since the backup
    #[arg(long)]
    keep_tokens: bool,
}

/// What is done to what was restored.
#[derive(Clone, Copy)]
struct After {
    new_keys: bool,
    keep_tokens: bool,
}

/// Where the keys are.
enum Source {
    /// Where the server looks for them.
    InPlace,
    /// In a file that came with the backup.
    Copy(PathBuf),
    /// Nowhere.
    New,
}

/// A file of a name of its own until everything is known to be right.
const STAGED: &str = "restoring";

/// What every SQLite database begins with (<https://www.sqlite.org/fileformat.html>, 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Puts a backup in the place of the database, ends every session and revokes
/// every personal token: those that ended since the backup must not come back to life.
pub(in crate::cli) async fn restore(restore: Restore, settings: Settings) -> Result<()> {
    let place = store::sqlite_file(&settings.store.url);
    let (Some(file), Some(place)) = (&restore.file, &place) else {
        if restore.file.is_some() {
            return Err(Error::broken(
                "Restore PostgreSQL with pg_restore; then run `doorward restore` without a file.",
            ));
        }
        make_data_folder(&settings)?;
        let doorward = Doorward::open(settings).await?;
        let ended = end_sessions(&doorward, restore.keep_tokens).await?;
        say(&format!("{} ended.", count(ended, "session")));
        return Ok(());
    };
    check_file(file)?;
    let keys = keys_of(file, restore.new_keys, &settings)?;
    let folder = settings.data_dir.clone();
    let folder_is_new = !folder.exists();
    let after = After { new_keys: restore.new_keys, keep_tokens: restore.keep_tokens };
    let done = match make_data_folder(&settings) {
        Ok(()) => put(file, place, &keys, after, settings).await,
        Err(error) => Err(error),
    };
    if done.is_err() && folder_is_new {
        // Only if it is empty.
        drop(fs::remove_dir(&folder));
    }
    done
}

/// Looks at what can be seen before anything is created.
fn check_file(file: &Path) -> Result<()> {
    let name = file.display();
    let mut start = vec![];
    let read = File::open(file).and_then(|file| file.take(16).read_to_end(&mut start));
    read.map_err(|why| {
        Error::broken(format!("The backup {name} cannot be read: {why}.{}", acting(&why)))
    })?;
    if start != MAGIC {
        return Err(no_backup(file, &"it is not a SQLite database."));
    }
    Ok(())
}

fn keys_of(file: &Path, new_keys: bool, settings: &Settings) -> Result<Source> {
    let (place, copy) = (&settings.keys_file, with_ending(file, KEYS));
    if settings.key_ring.is_some() || fs::symlink_metadata(place).is_ok() {
        return Ok(Source::InPlace);
    }
    if copy.exists() {
        return Ok(Source::Copy(copy));
    }
    if new_keys {
        return Ok(Source::New);
    }
    let full = |file: &Path| absolute(file).unwrap_or_else(|_| file.to_owned());
    Err(Error::broken(format!(
        "The key file is missing; nothing was restored. Copy keys.json of the old server next to the backup, to {}, or to where this server reads it, {}, and run this again. If it is lost, add --new-keys.",
        full(&copy).display(),
        full(place).display()
    )))
}

async fn put(
    file: &Path,
    place: &Path,
    keys: &Source,
    after: After,
    settings: Settings,
) -> Result<()> {
    let mut locks = vec![place.with_extension("lock")];
    // Where there are keys, others may be changing them.
    if fs::symlink_metadata(&settings.keys_file).is_err() {
        locks.push(settings.keys_file.with_extension("lock"));
    }
    locks.retain(|lock| !lock.exists());
    let held = lock_database(&settings)?;
    let done = put_locked(file, place, keys, after, settings).await;
    if done.is_err() {
        // While it is held: `lock_database` notices that the file it opened is gone.
        locks.iter().for_each(|lock| drop(fs::remove_file(lock)));
    }
    drop(held);
    done
}

async fn put_locked(
    file: &Path,
    place: &Path,
    keys: &Source,
    after: After,
    settings: Settings,
) -> Result<()> {
    let (staged, staged_keys) =
        (place.with_extension(STAGED), settings.keys_file.with_extension(STAGED));
    let keys_file = settings.keys_file.clone();
    let url = format!("sqlite://{}", staged.display());
    let store = store::Options { url, ..settings.store.clone() };
    let mut copied = Settings { store, ..settings };
    if !matches!(keys, Source::InPlace) {
        copied.keys_file.clone_from(&staged_keys);
    }
    let clean = || remove_database(&staged).and_then(|()| remove(&staged_keys));
    clean()?;
    let prepared = prepare(file, keys, after, copied).await;
    let ended = prepared.inspect_err(|_| drop(clean()))?;
    let failed =
        |why: std::io::Error| Error::broken(format!("The backup cannot be put in place: {why}."));
    sync(&staged).map_err(failed)?;
    // The keys first: without the database nothing is signed with them.
    if !matches!(keys, Source::InPlace) {
        fs::rename(&staged_keys, &keys_file).map_err(failed)?;
        sync(parent(&keys_file)).map_err(failed)?;
    }
    let replaced = free_name(place);
    let there = ENDINGS.map(|ending| (with_ending(place, ending), with_ending(&replaced, ending)));
    let was_there = place.exists();
    for (from, to) in there.iter().filter(|(from, _)| from.exists()) {
        fs::rename(from, to).map_err(failed)?;
    }
    fs::rename(&staged, place).map_err(failed)?;
    // What is said to be in place is there after a power cut, too.
    sync(parent(place)).map_err(failed)?;
    let mut said = format!("The backup is in place, and {} ended.", count(ended, "session"));
    if !matches!(keys, Source::InPlace) {
        let new = if matches!(keys, Source::New) { "New keys" } else { "Its keys" };
        said += &format!(" {new} are in {}.", keys_file.display());
    }
    if was_there {
        said += &format!(" What was there before is {}.", replaced.display());
    }
    say(&said);
    Ok(())
}

/// Copies backup and keys to where `copied` says, checks both, and ends all
/// sessions in the copy. Returns how many.
async fn prepare(file: &Path, keys: &Source, after: After, copied: Settings) -> Result<u64> {
    let ring = read_keys(keys, &copied)?.ring();
    let place = store::sqlite_file(&copied.store.url).expect("it is a copy of a SQLite file");
    copy(file, &place)?;
    // What a server that was killed had not written into the file itself yet.
    let log = with_ending(file, "-wal");
    if log.exists() {
        copy(&log, &with_ending(&place, "-wal"))?;
    }
    let db = Db::open(&copied.store).await.map_err(|why| no_backup(file, &why))?;
    let checked = match bring_up(file, &db, copied.auto_migrate).await {
        Ok(()) if !after.new_keys => in_use::are_all_others(&db, &ring).await,
        done => done.map(|()| false),
    };
    db.close().await;
    if checked? {
        let (file, place) = (file.display(), name_of(keys, &copied));
        return Err(Error::broken(format!(
            "{file} was written with other keys than those in {place}; nothing was restored. Put the right ones there. If they are lost, add --new-keys: these are used from now on."
        )));
    }
    let doorward = Doorward::open_with_any_keys(copied).await?;
    let ended = end(&doorward, after).await;
    doorward.db.clone().close().await;
    ended
}

async fn end(doorward: &Doorward, after: After) -> Result<u64> {
    if after.new_keys {
        accept_present(doorward, doorward.clock.now()).await?;
    }
    end_sessions(doorward, after.keep_tokens).await
}

/// Reads the keys, those that came with the backup in a copy.
fn read_keys(keys: &Source, copied: &Settings) -> Result<Keys> {
    if let Source::Copy(from) = keys {
        copy(from, &copied.keys_file)?;
    }
    let read = match &copied.key_ring {
        Some(text) => Keys::in_variable(text),
        None => Keys::in_file(&copied.keys_file, Clock::default().now()),
    };
    match keys {
        Source::Copy(from) => read.map_err(|why| {
            Error::broken(format!("{} is no key file of Doorward: {why}", from.display()))
        }),
        _ => read,
    }
}

fn name_of(keys: &Source, copied: &Settings) -> String {
    match keys {
        Source::Copy(from) => from.display().to_string(),
        _ if copied.key_ring.is_some() => "the variable DOORWARD_KEYS".to_owned(),
        _ => copied.keys_file.display().to_string(),
    }
}

/// Looks at the copy of a backup, and brings its schema up to date.
async fn bring_up(file: &Path, db: &Db, migrate: bool) -> Result<()> {
    db.check().await.map_err(|why| no_backup(file, &why))?;
    let steps = db.migrations().await.map_err(|why| no_backup(file, &why))?;
    if !steps.iter().any(|(_, done)| *done) {
        return Err(no_backup(file, &"it is a database of another program."));
    }
    if migrate { db.migrate_up().await } else { Ok(()) }
}

fn no_backup(file: &Path, why: &dyn Display) -> Error {
    Error::broken(format!("{} is no backup of Doorward: {why}", file.display()))
}

/// Copies a file; however the original is kept, the copy is for its owner alone.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = fs::copy(from, to)
        .and_then(|_| fs::set_permissions(to, fs::Permissions::from_mode(0o600)))
        .and_then(|()| File::open(to)?.sync_all());
    copied.map_err(|why| {
        let (from, acting) = (from.display(), acting(&why));
        Error::broken(format!("The file {from} cannot be copied: {why}.{acting}"))
    })
}

fn parent(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Waits until a file, or the names in a folder, are on the disk.
fn sync(file: &Path) -> std::io::Result<()> {
    File::open(file)?.sync_all()
}

/// Where the database that is replaced goes: one that was replaced before stays.
fn free_name(place: &Path) -> PathBuf {
    let mut name = place.with_extension("replaced");
    for number in 2.. {
        if !ENDINGS.iter().any(|ending| with_ending(&name, ending).exists()) {
            break;
        }
        name = place.with_extension(format!("replaced-{number}"));
    }
    name
}

fn remove_database(file: &Path) -> Result<()> {
    ENDINGS.into_iter().try_for_each(|ending| remove(&with_ending(file, ending)))
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(why) if why.kind() != ErrorKind::NotFound => {
            let name = file.display();
            Err(Error::broken(format!("The file {name} cannot be removed: {why}.")))
        }
        _ => Ok(()),
    }
}

async fn end_sessions(doorward: &Doorward, keep_tokens: bool) -> Result<u64> {
    let now = doorward.clock.now();
    let origin = RequestSource::command_line();
    // Which of them were revoked since the backup, nobody knows any more.
    if !keep_tokens {
        let actor = Actor::operator(&origin);
        personal_tokens::revoke_everyones(&doorward.sessions, actor, now).await?;
    }
    one_time::end_after_restore(&doorward.sessions, Actor::operator(&origin), now).await
}
