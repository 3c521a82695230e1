//! The key ring, and what rotating and revoking a key means.

use time::Duration;
use zeroize::Zeroizing;

use super::key::Key;
use super::purpose::{Life, Purpose};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;

/// A key that signs for longer should be rotated.
pub const OLD: Duration = Duration::days(180);

/// All keys, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    pub(super) keys: Vec<Key>,
    /// Those of purposes that a later version knows. They are kept and otherwise
    /// ignored.
    pub(super) unknown: Vec<UnknownKey>,
}

/// A key for a purpose that this version does not know.
#[derive(Clone)]
pub struct UnknownKey {
    /// Names the key.
    pub kid: String,
    /// What it is for.
    pub purpose: String,
    /// All of it, as it stands in the file.
    pub(super) text: Zeroizing<String>,
}

impl std::fmt::Debug for UnknownKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UnknownKey({} {})", self.purpose, self.kid)
    }
}

impl Ring {
    /// A new ring with one key for each purpose.
    pub fn generate(now: Timestamp) -> Self {
        let keys = Purpose::needed().map(|purpose| Key::generate(purpose, now)).collect();
        Self { keys, unknown: vec![] }
    }

    /// Gives a ring of the first versions the keys it has none for. Says whether it did.
    pub(super) fn add_later(&mut self) -> bool {
        let before = self.keys.len();
        for purpose in Purpose::later() {
            let form = |key: &&Key| key.purpose == Purpose::Form && key.revoked_at.is_none();
            let form = self.keys.iter().rfind(form);
            if !self.keys.iter().any(|key| key.purpose == purpose) {
                self.keys.extend(form.map(|form| Key::derived(purpose, form)));
            }
        }
        self.keys.len() > before
    }

    /// Makes a key for each purpose that has none to sign with. Says whether it made any.
    pub fn add_missing(&mut self, now: Timestamp) -> bool {
        let before = self.keys.len();
        while let Some(purpose) = self.lacks() {
            self.keys.push(Key::generate(purpose, now));
        }
        self.keys.len() > before
    }

    /// A purpose that has no key to sign with, if there is one. What was rotated
    /// signs no more: soon no server would accept it.
    pub(super) fn lacks(&self) -> Option<Purpose> {
        let signs = |key: &Key, purpose| key.purpose == purpose && key.signs();
        Purpose::needed().find(|purpose| !self.keys.iter().any(|key| signs(key, *purpose)))
    }

    /// The purposes whose key was made from the form key, because the ring had none for them.
    pub fn derived(&self) -> Vec<Purpose> {
        let made_from = |kid: &str, purpose, form: &Key| Key::derived(purpose, form).kid == kid;
        let is_derived = |purpose: &Purpose| {
            let kid = &self.signing(*purpose).kid;
            let mut forms = self.keys.iter().filter(|key| key.purpose == Purpose::Form);
            forms.any(|form| made_from(kid, *purpose, form))
        };
        Purpose::later().filter(is_derived).collect()
    }

    /// The key that signs: the youngest of its purpose that is neither revoked
    /// nor rotated.
    pub fn signing(&self, purpose: Purpose) -> &Key {
        let mut keys = self.keys.iter().rev();
        keys.find(|key| key.purpose == purpose && key.signs())
            .expect("a ring has a key for each purpose")
    }

    /// The key that signs at a moment, for purposes whose keys are announced
    /// before they sign: until a new one does, the one before goes on. Where
    /// that one was revoked, the new one signs before its time.
    pub fn signing_at(&self, purpose: Purpose, now: Timestamp) -> Option<&Key> {
        let begun = |key: &&Key| key.signs_from.is_none_or(|from| from <= now);
        let of = || self.verifying(purpose, now).filter(begun);
        of().find(|key| key.signs())
            .or_else(|| of().next())
            .or_else(|| self.verifying(purpose, now).next())
    }

    /// The key that goes into new password hashes, if there is one.
    pub fn pepper(&self) -> Option<&Key> {
        self.newest(Purpose::Password)
    }

    /// The youngest key of a purpose that was not revoked, if there is one.
    pub fn newest(&self, purpose: Purpose) -> Option<&Key> {
        let mut keys = self.keys.iter().rev();
        keys.find(|key| key.purpose == purpose && key.revoked_at.is_none())
    }

    /// Whether there is a key of that name, also one of a purpose that this
    /// version does not know.
    pub fn has(&self, kid: &str) -> bool {
        self.knows(kid).is_some() || self.unknown.iter().any(|key| key.kid == kid)
    }

    /// The keys of purposes that this version does not know.
    pub fn unknown(&self) -> &[UnknownKey] {
        &self.unknown
    }

    /// Any key of that name, valid or not.
    pub fn knows(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The keys whose signatures are accepted now, youngest first.
    pub fn verifying(&self, purpose: Purpose, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.keys.iter().rev().filter(move |key| key.purpose == purpose && key.verifies(now))
    }

    /// The valid key of that name.
    pub fn by_kid(&self, purpose: Purpose, kid: &str, now: Timestamp) -> Option<&Key> {
        self.verifying(purpose, now).find(|key| key.kid == kid)
    }

    /// The keys of a purpose that were revoked: they only tell an old token from a forged one.
    pub fn revoked(&self, purpose: Purpose) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.purpose == purpose && key.revoked_at.is_some())
    }

    /// Every key, oldest first.
    pub fn all(&self) -> &[Key] {
        &self.keys
    }

    /// A new key signs at once, or once it was announced; the older ones verify
    /// for `life` after that, the longest that anything they signed is good.
    /// Those of passwords and of what is stored stay good: what they were used
    /// for is kept. Returns the new key's `kid`.
    pub fn rotate(&mut self, purpose: Purpose, life: Duration, now: Timestamp) -> String {
        self.rotate_after(purpose.about().announced, purpose, life, now)
    }

    fn rotate_after(
        &mut self,
        announced: Duration,
        purpose: Purpose,
        life: Duration,
        now: Timestamp,
    ) -> String {
        self.remove_useless(now);
        let until = now + announced + life;
        if purpose.about().life != Life::UntilRevoked {
            for key in self.keys.iter_mut().filter(|key| key.purpose == purpose) {
                key.verify_until = Some(key.verify_until.map_or(until, |old| old.min(until)));
            }
        }
        let mut key = Key::generate(purpose, now);
        key.signs_from = Some(now + announced).filter(|from| *from > now);
        let kid = key.kid.clone();
        self.keys.push(key);
        kid
    }

    /// Removes keys a day after they verify for the last time (until then,
    /// servers that recorded them must not take them for another's) and 30 days
    /// after they were revoked. A key that others were made from stays as long
    /// as they do, so that they can be told and revoked by it.
    fn remove_useless(&mut self, now: Timestamp) {
        let is_kept = |key: &Key| {
            key.verify_until.is_none_or(|until| now.since(until) < Duration::days(1))
                && key.revoked_at.is_none_or(|at| now.since(at) < Duration::days(30))
        };
        let kept = self.keys.iter().filter(|key| is_kept(key));
        let kept: Vec<String> = kept.map(|key| key.kid.clone()).collect();
        let made_others = |form: &Key| {
            let mut made = Purpose::later().map(|purpose| Key::derived(purpose, form).kid);
            form.purpose == Purpose::Form && made.any(|kid| kept.contains(&kid))
        };
        self.keys.retain(|key| is_kept(key) || made_others(key));
    }

    /// From now on nothing signed by `kid`, or by a key made from it, is
    /// accepted. A new key takes its place if it was the one that signed.
    /// Returns the purpose of the key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the ring has no such key.
    pub fn revoke(&mut self, kid: &str, now: Timestamp) -> Result<Purpose> {
        let key = self.knows(kid).ok_or(Error::NotFound)?;
        let purpose = key.purpose;
        let derived: Vec<String> =
            Purpose::later().map(|purpose| Key::derived(purpose, key).kid).collect();
        for key in &mut self.keys {
            if key.kid == kid || derived.contains(&key.kid) {
                key.revoked_at.get_or_insert(now);
            }
        }
        self.add_missing(now);
        Ok(purpose)
    }
}

#[cfg(test)]
mod tests;
