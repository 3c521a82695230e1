//! Where the key ring is kept: a file of its owner's alone, or the variable
//! `DOORWARD_KEYS`. A running server reloads a changed file by itself.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::Key;
use super::purpose::Purpose;
use super::ring::{Ring, UnknownKey};
use crate::base::error::{Error, Result};
use crate::base::keys::refusals;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

/// The ring in use, and where it came from.
pub struct Keys {
    file: Option<PathBuf>,
    ring: RwLock<Arc<Ring>>,
    /// What the file looked like when it was read.
    seen: Mutex<Option<Mark>>,
    /// A key that another server signs with and this one does not have.
    missing: Mutex<Option<String>>,
    /// The ring whose keys the other servers know of.
    announced: Mutex<Option<Arc<Ring>>>,
}

/// Changes whenever the file is replaced.
#[derive(PartialEq, Eq, Clone, Copy)]
struct Mark {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Mark {
    fn of(meta: &fs::Metadata) -> Self {
        let modified = (meta.mtime(), meta.mtime_nsec());
        Self { inode: meta.ino(), size: meta.size(), modified }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRing {
    keys: Vec<StoredKey>,
}

/// A key of a purpose that this version does not know may have other fields:
/// a later version wrote it, and an earlier one must start with it.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    kid: String,
    purpose: String,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs_from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verify_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
    #[serde(default)]
    secret: Zeroizing<String>,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

impl Keys {
    /// The ring in `file`, made if there is none yet.
    ///
    /// # Errors
    /// One sentence when the file is a link, belongs to someone else, can be
    /// read by others, or holds a key too weak to sign with (ASVS V11.2.3, V13.3.2).
    pub fn in_file(file: &Path, now: Timestamp) -> Result<Self> {
        if fs::symlink_metadata(file).is_err() {
            if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|why| {
                    Error::broken(format!("The folder {} cannot be made: {why}.", folder.display()))
                })?;
            }
            create(file, &Ring::generate(now))?;
        }
        let mut mark = check(file)?;
        let mut ring = read(file)?;
        let grown = ring.add_later();
        // What systemd hands over stays as it is: every start makes the same from it.
        if ring.add_missing(now) || (grown && !is_credential(file)) {
            let _lock = lock(file)?;
            ring = read(file)?;
            ring.add_later();
            ring.add_missing(now);
            replace(file, &ring)?;
            mark = check(file)?;
        }
        Ok(Self {
            file: Some(file.to_owned()),
            ring: RwLock::new(Arc::new(ring)),
            seen: Mutex::new(Some(mark)),
            missing: Mutex::default(),
            announced: Mutex::default(),
        })
    }

    /// The ring in the text of `DOORWARD_KEYS`, the same JSON as the file.
    ///
    /// # Errors
    /// One sentence when the text is not a ring with a sound key for each purpose.
    pub fn in_variable(text: &str) -> Result<Self> {
        let mut ring = parse(text, "The variable DOORWARD_KEYS")?;
        ring.add_later();
        whole(&ring, "The variable DOORWARD_KEYS")?;
        Ok(Self {
            file: None,
            ring: RwLock::new(Arc::new(ring)),
            seen: Mutex::default(),
            missing: Mutex::default(),
            announced: Mutex::default(),
        })
    }

    /// The file it is kept in, if it is.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The ring as it stands.
    pub fn ring(&self) -> Arc<Ring> {
        self.ring.read().expect("no panic while the lock is held").clone()
    }

    /// What `check` finds in the ring; if it finds nothing, then in a ring
    /// that was just put there: another server may sign with its new key already.
    pub fn find<T>(&self, check: impl Fn(&Ring) -> Option<T>) -> Option<T> {
        let ring = self.ring();
        check(&ring).or_else(|| {
            // What cannot be read leaves the ring as it is. Another thread
            // may have read it at this moment: so the ring itself is asked.
            drop(self.reload());
            let present = self.ring();
            if Arc::ptr_eq(&ring, &present) { None } else { check(&present) }
        })
    }

    /// Whether `mac` is that of one of the valid keys over these parts.
    pub fn signed(&self, purpose: Purpose, parts: &[&[u8]], mac: &[u8], now: Timestamp) -> bool {
        let made_by = |key: &Key| key.matches(parts, mac);
        self.find(|ring| ring.verifying(purpose, now).any(made_by).then_some(())).is_some()
    }

    /// The name of a key that another server signs with and this one does not
    /// have: what it signed can be neither accepted nor rejected here.
    pub fn missing(&self) -> Option<String> {
        self.missing.lock().expect("no panic while the lock is held").clone()
    }

    /// Notes whether a key is missing.
    pub fn set_missing(&self, kid: Option<String>) {
        *self.missing.lock().expect("no panic while the lock is held") = kid;
    }

    /// The ring, unless the other servers know of its keys already. Any request may
    /// have loaded a changed file, so [`Keys::reload`] does not tell.
    pub fn unannounced(&self) -> Option<Arc<Ring>> {
        let ring = self.ring();
        let announced = self.announced.lock().expect("no panic while the lock is held");
        let known = announced.as_ref().is_some_and(|known| Arc::ptr_eq(known, &ring));
        (!known).then_some(ring)
    }

    /// Notes that the other servers know of the keys of `ring`.
    pub fn set_announced(&self, ring: Arc<Ring>) {
        *self.announced.lock().expect("no panic while the lock is held") = Some(ring);
    }

    /// Reads the file again if it was replaced. Says whether it was.
    ///
    /// # Errors
    /// As [`Keys::in_file`]; the ring in use stays as it was.
    pub fn reload(&self) -> Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        let mark = check(file)?;
        let mut seen = self.seen.lock().expect("no panic while the lock is held");
        if *seen == Some(mark) {
            return Ok(false);
        }
        let mut ring = read(file)?;
        ring.add_later();
        whole(&ring, &format!("The key file {}", file.display()))?;
        *self.ring.write().expect("no panic while the lock is held") = Arc::new(ring);
        *seen = Some(mark);
        Ok(true)
    }

    /// Changes the ring and its file together.
    ///
    /// # Errors
    /// A refusal when the ring came from a variable; what `change` returns; a file that cannot be written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Ring) -> Result<T>) -> Result<T> {
        let Some(file) = &self.file else {
            return Err(refusals::KEYS_IN_VARIABLE.into());
        };
        let _lock = lock(file)?;
        let mut ring = read(file)?;
        ring.add_later();
        let done = change(&mut ring)?;
        whole(&ring, &format!("The key file {}", file.display()))?;
        replace(file, &ring)?;
        *self.ring.write().expect("no panic while the lock is held") = Arc::new(ring);
        Ok(done)
    }
}

fn unreadable(file: &Path, why: &std::io::Error) -> Error {
    Error::broken(format!("The key file {} cannot be read: {why}.", file.display()))
}

/// Waits until nobody else changes the ring. The lock is on a file of its own,
/// `keys.lock`, which stays: that of the ring is another one after each change,
/// and who holds the old one holds nobody up.
fn lock(file: &Path) -> Result<fs::File> {
    let beside = file.with_extension("lock");
    let mut options = OpenOptions::new();
    let opened = options.create(true).write(true).truncate(false).mode(0o600).open(&beside);
    let locked = opened.and_then(|opened| opened.lock().map(|()| opened));
    locked.map_err(|why| unwritable(&beside, &why))
}

/// Whether systemd hands the file to this service, and keeps it from others by
/// means of its own (`LoadCredential=`).
fn is_credential(file: &Path) -> bool {
    std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| file.starts_with(folder))
}

fn check(file: &Path) -> Result<Mark> {
    let meta = fs::symlink_metadata(file).map_err(|why| unreadable(file, &why))?;
    let name = file.display();
    let fault = |what: &str| Err(Error::broken(format!("The key file {name} {what}")));
    if !meta.is_file() {
        return fault("is not a plain file. Put the file itself there, not a link to it.");
    }
    if is_credential(file) {
        return Ok(Mark::of(&meta));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return fault("belongs to another user. Make this server's user its owner (chown).");
    }
    if meta.mode() & 0o077 != 0 {
        return fault("can be read by other users. Run: chmod 600 on it.");
    }
    Ok(Mark::of(&meta))
}

fn read(file: &Path) -> Result<Ring> {
    let text = Zeroizing::new(fs::read_to_string(file).map_err(|why| unreadable(file, &why))?);
    parse(&text, &format!("The key file {}", file.display()))
}

fn parse(text: &str, source: &str) -> Result<Ring> {
    let fault = |what: String| Error::broken(format!("{source} {what}"));
    // The parser's own message could quote the text, and the text is secret.
    let stored: StoredRing = serde_json::from_str(text)
        .map_err(|why| fault(format!("is not a key ring (line {}).", why.line())))?;
    let mut ring = Ring::default();
    for key in stored.keys {
        match Purpose::parse(&key.purpose) {
            Some(purpose) => ring.keys.push(sound_key(key, purpose).map_err(fault)?),
            None => ring.unknown.push(UnknownKey {
                kid: key.kid.clone(),
                purpose: key.purpose.clone(),
                text: Zeroizing::new(serde_json::to_string(&key).expect("a key is plain data")),
            }),
        }
    }
    ring.keys.sort_by_key(|key| key.created_at);
    Ok(ring)
}

/// Refuses a ring that would leave something unsigned.
fn whole(ring: &Ring, source: &str) -> Result<()> {
    let Some(purpose) = ring.lacks() else { return Ok(()) };
    let name = purpose.name();
    Err(Error::broken(format!("{source} has no key for the purpose `{name}` that signs.")))
}

fn sound_key(stored: StoredKey, purpose: Purpose) -> Result<Key, String> {
    let kid = stored.kid;
    if let Some(name) = stored.others.keys().next() {
        return Err(format!("has a key ({kid}) with a field `{name}` that nobody knows."));
    }
    if kid.len() != 16 || !kid.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("has a key whose `kid` is not 16 hexadecimal digits.".to_owned());
    }
    let bytes = Zeroizing::new(secrets::decode(&stored.secret).unwrap_or_default());
    let secret: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
        format!(
            "has a key ({kid}) that is not 32 bytes of base64url. Remove it; a new one is made."
        )
    })?;
    if secret.iter().all(|byte| *byte == secret[0]) {
        return Err(format!(
            "has a key ({kid}) of one repeated byte. Remove it; a new one is made."
        ));
    }
    let mut key = Key::new(kid, purpose, stored.created_at, Zeroizing::new(secret));
    key.signs_from = stored.signs_from;
    key.verify_until = stored.verify_until;
    key.revoked_at = stored.revoked_at;
    Ok(key)
}

fn text_of(ring: &Ring) -> Zeroizing<String> {
    let keys = ring.keys.iter().map(|key| StoredKey {
        kid: key.kid.clone(),
        purpose: key.purpose.name().to_owned(),
        created_at: key.created_at,
        signs_from: key.signs_from,
        verify_until: key.verify_until,
        revoked_at: key.revoked_at,
        secret: Zeroizing::new(secrets::encode(key.secret())),
        others: serde_json::Map::new(),
    });
    let unknown = ring.unknown.iter().map(|key| {
        serde_json::from_str::<StoredKey>(&key.text).expect("it was read from the same text")
    });
    let stored = StoredRing { keys: keys.chain(unknown).collect() };
    Zeroizing::new(serde_json::to_string_pretty(&stored).expect("a ring is plain data"))
}

/// Writes a neighbour file, whole and on disk, that can then take its name in one step.
fn written_beside(file: &Path, ring: &Ring) -> Result<PathBuf> {
    let beside = file.with_extension(format!("{}.new", secrets::encode(&secrets::random::<6>())));
    let write = || {
        let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        new.write_all(text_of(ring).as_bytes())?;
        new.sync_all()
    };
    write().map_err(|why| unwritable(file, &why))?;
    Ok(beside)
}

fn unwritable(file: &Path, why: &std::io::Error) -> Error {
    Error::broken(format!("The key file {} cannot be written: {why}.", file.display()))
}

/// Makes the file; if another process was faster, its file stands.
fn create(file: &Path, ring: &Ring) -> Result<()> {
    let beside = written_beside(file, ring)?;
    let linked = fs::hard_link(&beside, file);
    fs::remove_file(&beside).map_err(|why| unwritable(file, &why))?;
    match linked {
        Err(why) if why.kind() != std::io::ErrorKind::AlreadyExists => Err(unwritable(file, &why)),
        _ => Ok(()),
    }
}

fn replace(file: &Path, ring: &Ring) -> Result<()> {
    let beside = written_beside(file, ring)?;
    fs::rename(&beside, file).map_err(|why| unwritable(file, &why))
}

#[cfg(test)]
mod tests;
