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
    /// before they sign: until a new one does, the one before goes on.
    #[cfg_attr(
        not(feature = "test-support"),
        expect(dead_code, reason = "no key is announced yet")
    )]
    pub fn signing_at(&self, purpose: Purpose, now: Timestamp) -> Option<&Key> {
        let begun = |key: &&Key| key.signs_from.is_none_or(|from| from <= now);
        let of = || self.verifying(purpose, now).filter(begun);
        of().find(|key| key.signs()).or_else(|| of().next())
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
        self.keys.retain(|key| {
            key.verify_until.is_none_or(|until| now < until)
                && key.revoked_at.is_none_or(|at| now.since(at) < Duration::days(30))
        });
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
mod tests {
    use super::*;
    use crate::base::keys::Keys;

    const NOON: Timestamp = Timestamp(1_767_268_800_000);

    #[test]
    fn a_rotated_key_verifies_until_all_it_signed_has_expired() {
        let mut ring = Ring::generate(NOON);
        let old = ring.signing(Purpose::Access).kid.clone();
        let new = ring.rotate(Purpose::Access, Duration::minutes(10), NOON);
        assert_eq!(ring.signing(Purpose::Access).kid, new);
        assert!(ring.by_kid(Purpose::Access, &old, NOON + Duration::minutes(9)).is_some());
        assert!(ring.by_kid(Purpose::Access, &old, NOON + Duration::minutes(10)).is_none());
        assert!(ring.by_kid(Purpose::Refresh, &old, NOON).is_none());
    }

    #[test]
    fn an_announced_key_verifies_at_once_and_signs_later() {
        let mut ring = Ring::generate(NOON);
        let old = ring.signing(Purpose::Access).kid.clone();
        let (ahead, life) = (Duration::hours(1), Duration::minutes(10));
        let new = ring.rotate_after(ahead, Purpose::Access, life, NOON);
        let signing = |at| &ring.signing_at(Purpose::Access, at).unwrap().kid;
        assert_eq!(signing(NOON + Duration::minutes(59)), &old);
        assert_eq!(signing(NOON + ahead), &new);
        assert!(ring.by_kid(Purpose::Access, &new, NOON).is_some());
        let believed = |minutes| {
            ring.by_kid(Purpose::Access, &old, NOON + ahead + Duration::minutes(minutes)).is_some()
        };
        assert!(believed(9) && !believed(10));
    }

    #[test]
    fn a_revoked_key_verifies_nothing_and_is_replaced() {
        let mut ring = Ring::generate(NOON);
        let old = ring.signing(Purpose::Form).kid.clone();
        assert_eq!(ring.revoke(&old, NOON).unwrap(), Purpose::Form);
        assert_ne!(ring.signing(Purpose::Form).kid, old);
        assert!(ring.by_kid(Purpose::Form, &old, NOON).is_none());
        assert!(matches!(ring.revoke("0", NOON), Err(Error::NotFound)));
    }

    #[test]
    fn revoking_the_key_that_signs_leaves_one_that_is_believed() {
        // The one before has been rotated long ago: all it signed has expired.
        let mut ring = Ring::generate(NOON);
        let kid = ring.rotate(Purpose::Access, Duration::minutes(10), NOON);
        let later = NOON + Duration::hours(1);
        ring.revoke(&kid, later).unwrap();
        assert!(ring.signing(Purpose::Access).verifies(later));
        assert!(ring.signing(Purpose::Access).verifies(later + Duration::days(99)));
    }

    #[test]
    fn a_new_key_signs_also_after_one_that_was_made_by_a_clock_that_was_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let ahead = Keys::in_file(&file, NOON + Duration::days(300)).unwrap();
        let kid = ahead
            .change(|ring| Ok(ring.rotate(Purpose::Access, Duration::minutes(10), NOON)))
            .unwrap();
        let read = Keys::in_file(&file, NOON).unwrap();
        assert_eq!(read.ring().signing(Purpose::Access).kid, kid);
    }

    #[test]
    fn a_running_server_takes_no_ring_that_lacks_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let server = Keys::in_file(&file, NOON).unwrap();
        let kid = server.ring().signing(Purpose::Refresh).kid.clone();
        let text = std::fs::read_to_string(&file).unwrap();
        let mut ring: serde_json::Value = serde_json::from_str(&text).unwrap();
        ring["keys"].as_array_mut().unwrap().retain(|key| key["purpose"] != "refresh");
        std::fs::write(&file, ring.to_string()).unwrap();
        let said = server.reload().err().map(|why| why.to_string()).unwrap_or_default();
        assert!(said.contains("no key for the purpose `refresh`"), "{said}");
        assert_eq!(server.ring().signing(Purpose::Refresh).kid, kid);
    }

    /// A ring as the first versions made it.
    fn early_ring() -> Ring {
        let mut ring = Ring::generate(NOON);
        ring.keys.retain(|key| Purpose::later().all(|later| later != key.purpose));
        ring
    }

    #[test]
    fn copies_of_an_early_ring_get_the_same_keys_for_what_it_had_none_for() {
        let (mut ring, mut copy) = (early_ring(), early_ring());
        copy.keys = ring.keys.clone();
        assert!(ring.add_later() && copy.add_later() && !ring.add_later());
        assert_eq!(ring.derived(), Purpose::later().collect::<Vec<_>>());
        assert!(Ring::generate(NOON).derived().is_empty());
        for purpose in Purpose::later() {
            let (ours, theirs) = (ring.signing(purpose), copy.signing(purpose));
            assert_eq!((&ours.kid, ours.secret()), (&theirs.kid, theirs.secret()));
            assert_ne!(ours.secret(), ring.signing(Purpose::Form).secret());
        }
        assert_ne!(
            ring.signing(Purpose::Browser).secret(),
            ring.signing(Purpose::Throttle).secret()
        );
    }

    #[test]
    fn a_key_made_from_another_is_revoked_with_it_and_never_made_again() {
        let mut ring = early_ring();
        ring.add_later();
        let (form, browser) = [Purpose::Form, Purpose::Browser]
            .map(|purpose| ring.signing(purpose).kid.clone())
            .into();
        ring.revoke(&form, NOON).unwrap();
        assert!(!ring.knows(&browser).unwrap().verifies(NOON));
        assert_ne!(ring.signing(Purpose::Browser).kid, browser);
        assert!(ring.derived().is_empty());
        let later = NOON + Duration::days(31);
        ring.rotate(Purpose::Form, Duration::ZERO, later);
        assert!(ring.knows(&browser).is_none() && !ring.add_later());
    }

    #[test]
    fn a_file_of_the_first_versions_grows_and_whoever_has_a_copy_agrees() {
        use std::fs;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let kids = |keys: &Keys| {
            let ring = keys.ring();
            Purpose::needed().map(|purpose| ring.signing(purpose).kid.clone()).collect::<Vec<_>>()
        };
        let first = kids(&Keys::in_file(&file, NOON).unwrap());
        let mut text: serde_json::Value =
            serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let later =
            |key: &serde_json::Value| key["purpose"] == "browser" || key["purpose"] == "throttle";
        text["keys"].as_array_mut().unwrap().retain(|key| !later(key));
        fs::write(&file, text.to_string()).unwrap();
        let server = Keys::in_file(&file, NOON).unwrap();
        assert_eq!(kids(&server)[..4], first[..4], "nobody is signed out");
        assert!(fs::read_to_string(&file).unwrap().contains("throttle"), "written down");
        assert_eq!(kids(&server), kids(&Keys::in_variable(&text.to_string()).unwrap()));
        // The file is put back as it was.
        fs::write(&file, text.to_string()).unwrap();
        assert!(server.reload().unwrap());
        assert_eq!(kids(&server), kids(&Keys::in_file(&file, NOON).unwrap()));
    }

    #[test]
    fn keys_of_passwords_stay_good_until_they_are_revoked() {
        let mut ring = Ring::generate(NOON);
        assert!(ring.pepper().is_none());
        let old = ring.rotate(Purpose::Password, Duration::ZERO, NOON);
        let new = ring.rotate(Purpose::Password, Duration::ZERO, NOON);
        assert_eq!(ring.pepper().unwrap().kid, new);
        assert!(ring.knows(&old).unwrap().verifies(NOON + Duration::days(9999)));
        ring.revoke(&new, NOON).unwrap();
        assert_eq!(ring.pepper().unwrap().kid, old);
    }
}
