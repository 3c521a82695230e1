//! One key, and what it can do.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::purpose::Purpose;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

/// One key of the ring.
#[derive(Clone)]
pub struct Key {
    /// Names the key in a token's header: 16 hexadecimal digits.
    pub kid: String,
    /// The one thing it is used for.
    pub purpose: Purpose,
    /// When it was made; the youngest key of a purpose signs.
    pub created_at: Timestamp,
    /// Set where a key is announced before it signs: from then on it does.
    pub signs_from: Option<Timestamp>,
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
    pub(super) fn derived(purpose: Purpose, from: &Self) -> Self {
        let name = purpose.name().as_bytes();
        let kid = hex(&from.mac(&[b"derived kid", name])[..8]);
        let secret = Zeroizing::new(from.mac(&[b"derived key", name]));
        Self::new(kid, purpose, from.created_at, secret)
    }

    pub(super) fn new(
        kid: String,
        purpose: Purpose,
        created_at: Timestamp,
        secret: Zeroizing<[u8; 32]>,
    ) -> Self {
        let mac = Hmac::new_from_slice(&*secret).expect("HMAC takes a key of any length");
        Self {
            kid,
            purpose,
            created_at,
            signs_from: None,
            verify_until: None,
            revoked_at: None,
            secret,
            mac,
        }
    }

    /// Whether it may sign: it was neither rotated nor revoked.
    pub(super) fn signs(&self) -> bool {
        self.verify_until.is_none() && self.revoked_at.is_none()
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

    /// Whether what it signed is still accepted.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_moved_across_their_borders() {
        let key = Key::generate(Purpose::Form, Timestamp(0));
        let tag = key.mac(&[b"ab", b"c"]);
        assert!(key.matches(&[b"ab", b"c"], &tag));
        assert!(!key.matches(&[b"a", b"bc"], &tag));
        assert!(!key.matches(&[b"abc"], &tag));
    }
}
