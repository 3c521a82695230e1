//! The key ring: every secret the server signs with, one random key per
//! purpose, and what rotating and revoking a key means. `store` keeps it on disk.

mod store;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use time::Duration;
use zeroize::Zeroizing;

pub use self::store::Keys;
use crate::error::{Error, Result};
use crate::secrets;
use crate::timestamp::Timestamp;

/// A key that signs for longer should be rotated.
pub const OLD: Duration = Duration::days(180);

/// What a key may be used for. One key never serves two purposes (RFC 8725, section 3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs access tokens.
    Access,
    /// Authenticates refresh tokens.
    Refresh,
    /// Authenticates the CSRF tokens of forms.
    Form,
    /// Authenticates the message code shown after a redirect.
    Message,
    /// Authenticates the cookies and device tokens of known browsers and scripts.
    Browser,
    /// Hides names and addresses in what is counted. With another key, every count begins anew.
    Throttle,
    /// Goes into the hash of every password beside the salt, and so keeps a
    /// stolen database from being guessed at. There is none until one is made.
    Password,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::Access,
        Self::Refresh,
        Self::Form,
        Self::Message,
        Self::Browser,
        Self::Throttle,
        Self::Password,
    ];

    /// Those for which a ring has at least one key.
    pub const NEEDED: [Self; 6] =
        [Self::Access, Self::Refresh, Self::Form, Self::Message, Self::Browser, Self::Throttle];

    /// Those that rings of the first versions have no keys for: the form key served them, too.
    const LATER: [Self; 2] = [Self::Browser, Self::Throttle];

    /// The name used on the command line and in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Form => "form",
            Self::Message => "message",
            Self::Browser => "browser",
            Self::Throttle => "throttle",
            Self::Password => "password",
        }
    }

    /// The purpose of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// One key of the ring.
#[derive(Clone)]
pub struct Key {
    /// Names the key in a token's header: 16 hexadecimal digits.
    pub kid: String,
    /// The one thing it is used for.
    pub purpose: Purpose,
    /// When it was made; the youngest key of a purpose signs.
    pub created_at: Timestamp,
    /// Set by rotation: until then what it signed stays good.
    pub verify_until: Option<Timestamp>,
    /// Set by revocation: from then on nothing it signed is good.
    pub revoked_at: Option<Timestamp>,
    secret: Zeroizing<[u8; 32]>,
    mac: Hmac<Sha256>,
}

impl Key {
    /// A fresh random key.
    pub fn generate(purpose: Purpose, now: Timestamp) -> Self {
        Self::new(hex(&secrets::random::<8>()), purpose, now, Zeroizing::new(secrets::random()))
    }

    /// A key for a purpose that a ring has none for, made from another key of it
    /// (HMAC as in HKDF, RFC 5869, section 2.3): servers that have copies of
    /// one ring all make the same.
    fn derived(purpose: Purpose, from: &Self) -> Self {
        let name = purpose.name().as_bytes();
        let kid = hex(&from.mac(&[b"derived kid", name])[..8]);
        let secret = Zeroizing::new(from.mac(&[b"derived key", name]));
        Self::new(kid, purpose, from.created_at, secret)
    }

    fn new(
        kid: String,
        purpose: Purpose,
        created_at: Timestamp,
        secret: Zeroizing<[u8; 32]>,
    ) -> Self {
        let mac = Hmac::new_from_slice(&*secret).expect("HMAC takes a key of any length");
        Self { kid, purpose, created_at, verify_until: None, revoked_at: None, secret, mac }
    }

    /// The key itself, for a library that signs. It goes nowhere else.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// HMAC-SHA256 over `parts`, each preceded by its length, so that no two
    /// lists of parts give the same input.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.fed(parts).finalize().into_bytes().into()
    }

    /// Whether `tag` is the MAC of `parts`, compared in constant time.
    pub fn matches(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.fed(parts).verify_slice(tag).is_ok()
    }

    fn fed(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    /// Whether what it signed is still believed.
    pub fn verifies(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.verify_until.is_none_or(|until| now < until)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({} {})", self.purpose.name(), self.kid)
    }
}

/// All keys, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    keys: Vec<Key>,
}

impl Ring {
    /// A new ring with one key for each purpose.
    pub fn generate(now: Timestamp) -> Self {
        Self { keys: Purpose::NEEDED.map(|purpose| Key::generate(purpose, now)).into() }
    }

    /// Gives a ring of the first versions the keys it has none for. Says whether it did.
    fn add_later(&mut self) -> bool {
        let before = self.keys.len();
        for purpose in Purpose::LATER {
            let form = |key: &&Key| key.purpose == Purpose::Form && key.revoked_at.is_none();
            let form = self.keys.iter().rfind(form);
            if !self.keys.iter().any(|key| key.purpose == purpose) {
                self.keys.extend(form.map(|form| Key::derived(purpose, form)));
            }
        }
        self.keys.len() > before
    }

    /// Makes a key for each purpose that has none. Says whether it made any.
    pub fn add_missing(&mut self, now: Timestamp) -> bool {
        let before = self.keys.len();
        for purpose in Purpose::NEEDED {
            if !self.keys.iter().any(|key| key.purpose == purpose && key.revoked_at.is_none()) {
                self.keys.push(Key::generate(purpose, now));
            }
        }
        self.keys.len() > before
    }

    /// The key that signs: the youngest of its purpose that is not revoked.
    pub fn signing(&self, purpose: Purpose) -> &Key {
        let mut keys = self.keys.iter().rev();
        keys.find(|key| key.purpose == purpose && key.revoked_at.is_none())
            .expect("a ring has a key for each purpose")
    }

    /// The key that goes into new password hashes, if there is one.
    pub fn pepper(&self) -> Option<&Key> {
        let mut keys = self.keys.iter().rev();
        keys.find(|key| key.purpose == Purpose::Password && key.revoked_at.is_none())
    }

    /// Any key of that name, believed or not.
    pub fn knows(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The keys whose signatures are believed now, youngest first.
    pub fn verifying(&self, purpose: Purpose, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.keys.iter().rev().filter(move |key| key.purpose == purpose && key.verifies(now))
    }

    /// The believed key of that name.
    pub fn by_kid(&self, purpose: Purpose, kid: &str, now: Timestamp) -> Option<&Key> {
        self.verifying(purpose, now).find(|key| key.kid == kid)
    }

    /// The keys of a purpose that were revoked: good for nothing but to tell an old token from a forged one.
    pub fn revoked(&self, purpose: Purpose) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.purpose == purpose && key.revoked_at.is_some())
    }

    /// Every key, oldest first.
    pub fn all(&self) -> &[Key] {
        &self.keys
    }

    /// A new key signs at once; the older ones verify for `life` more, the
    /// longest that anything they signed is good. Those of passwords stay good:
    /// each is in the hashes of people who have not logged in since. Returns
    /// the new key's `kid`.
    pub fn rotate(&mut self, purpose: Purpose, life: Duration, now: Timestamp) -> String {
        self.keys.retain(|key| {
            key.verify_until.is_none_or(|until| now < until)
                && key.revoked_at.is_none_or(|at| now.since(at) < Duration::days(30))
        });
        let until = now + life;
        let signed = |key: &&mut Key| key.purpose == purpose && purpose != Purpose::Password;
        for key in self.keys.iter_mut().filter(signed) {
            key.verify_until = Some(key.verify_until.map_or(until, |old| old.min(until)));
        }
        let key = Key::generate(purpose, now);
        let kid = key.kid.clone();
        self.keys.push(key);
        kid
    }

    /// From now on nothing signed by `kid`, or by a key made from it, is
    /// believed. A new key takes its place if it was the one that signed.
    /// Returns the purpose of the key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the ring has no such key.
    pub fn revoke(&mut self, kid: &str, now: Timestamp) -> Result<Purpose> {
        let key = self.knows(kid).ok_or(Error::NotFound)?;
        let purpose = key.purpose;
        let derived = Purpose::LATER.map(|purpose| Key::derived(purpose, key).kid);
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
    fn a_revoked_key_verifies_nothing_and_is_replaced() {
        let mut ring = Ring::generate(NOON);
        let old = ring.signing(Purpose::Form).kid.clone();
        assert_eq!(ring.revoke(&old, NOON).unwrap(), Purpose::Form);
        assert_ne!(ring.signing(Purpose::Form).kid, old);
        assert!(ring.by_kid(Purpose::Form, &old, NOON).is_none());
        assert!(matches!(ring.revoke("0", NOON), Err(Error::NotFound)));
    }

    /// A ring as the first versions made it.
    fn early_ring() -> Ring {
        let mut ring = Ring::generate(NOON);
        ring.keys.retain(|key| !Purpose::LATER.contains(&key.purpose));
        ring
    }

    #[test]
    fn copies_of_an_early_ring_get_the_same_keys_for_what_it_had_none_for() {
        let (mut ring, mut copy) = (early_ring(), early_ring());
        copy.keys = ring.keys.clone();
        assert!(ring.add_later() && copy.add_later() && !ring.add_later());
        for purpose in Purpose::LATER {
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
            Purpose::NEEDED.map(|purpose| ring.signing(purpose).kid.clone())
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

    #[test]
    fn parts_cannot_be_moved_across_their_borders() {
        let key = Key::generate(Purpose::Form, NOON);
        let tag = key.mac(&[b"ab", b"c"]);
        assert!(key.matches(&[b"ab", b"c"], &tag));
        assert!(!key.matches(&[b"a", b"bc"], &tag));
        assert!(!key.matches(&[b"abc"], &tag));
    }
}
