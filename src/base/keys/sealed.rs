//! Encryption of what the database keeps: with a key of the purpose
//! [`Purpose::Data`], bound to the place where it is kept, so that nobody who
//! writes into the database can put it elsewhere.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use super::key::Key;
use super::purpose::{Algorithm, Purpose};
use super::ring::Ring;
use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

/// The form of sealed text: `s1.<kid>.<nonce, ciphertext and tag>`.
const VERSION: &str = "s1";

impl Ring {
    /// Encrypts `plain`. `place` says where it is kept: table, column, and the
    /// key of the row.
    ///
    /// # Errors
    /// There is no key for it yet (`doorward keys rotate data`).
    pub fn seal(&self, place: &[&[u8]], plain: &[u8]) -> Result<String> {
        let key = self.newest(Purpose::Data).ok_or_else(|| {
            Error::broken("There is no key to encrypt with. Run: doorward keys rotate data.")
        })?;
        key.seal(place, plain)
    }

    /// What was sealed for that place, by any key that still verifies.
    ///
    /// # Errors
    /// It was sealed for another place, changed since, or with a key that the
    /// ring does not have or that was revoked.
    pub fn open(
        &self,
        place: &[&[u8]],
        sealed: &str,
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let kid = sealed.split('.').nth(1).unwrap_or_default();
        let key = self.by_kid(Purpose::Data, kid, now).ok_or_else(unreadable)?;
        key.open(place, sealed)
    }
}

impl Key {
    fn seal(&self, place: &[&[u8]], plain: &[u8]) -> Result<String> {
        let mut sealed = plain.to_vec();
        let bound = Aad::from(self.bound_to(place));
        let nonce = self.cipher()?.seal_in_place_append_tag(bound, &mut sealed);
        let nonce = nonce.map_err(|_| Error::broken("Nothing can be encrypted here."))?;
        let bytes: Vec<u8> = nonce.as_ref().iter().copied().chain(sealed).collect();
        Ok(format!("{VERSION}.{}.{}", self.kid, secrets::encode(&bytes)))
    }

    fn open(&self, place: &[&[u8]], sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        let parts: Vec<&str> = sealed.splitn(4, '.').collect();
        let [VERSION, kid, text] = parts[..] else { return Err(unreadable()) };
        let bytes = secrets::decode(text).filter(|_| kid == self.kid).ok_or_else(unreadable)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let bound = Aad::from(self.bound_to(place));
        let length = self.cipher()?.open_in_place(nonce, bound, &mut plain);
        let length = length.map_err(|_| unreadable())?.len();
        plain.truncate(length);
        Ok(plain)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey> {
        let fits = self.purpose.about().algorithm == Algorithm::Aes256GcmSiv;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM_SIV, self.secret());
        cipher.ok().filter(|_| fits).ok_or_else(|| Error::broken("This key does not encrypt."))
    }

    /// What sealed text is bound to: its form, its key, and its place, each
    /// preceded by its length.
    fn bound_to(&self, place: &[&[u8]]) -> Vec<u8> {
        let (purpose, kid) = (self.purpose.name().as_bytes(), self.kid.as_bytes());
        let parts = [VERSION.as_bytes(), purpose, kid].into_iter().chain(place.iter().copied());
        let mut bound = vec![];
        for part in parts {
            bound.extend((part.len() as u64).to_be_bytes());
            bound.extend(part);
        }
        bound
    }
}

fn unreadable() -> Error {
    Error::broken("Something that was stored encrypted cannot be read.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;

    use super::*;

    const NOON: Timestamp = Timestamp(1_767_268_800_000);

    fn ring() -> Ring {
        let mut ring = Ring::generate(NOON);
        ring.rotate(Purpose::Data, Duration::ZERO, NOON);
        ring
    }

    #[test]
    fn the_old_key_still_opens_after_a_rotation_and_not_once_it_is_revoked() {
        let mut ring = ring();
        let sealed = ring.seal(&[b"totp", b"1"], b"secret").unwrap();
        let old = ring.newest(Purpose::Data).unwrap().kid.clone();
        ring.rotate(Purpose::Data, Duration::ZERO, NOON);
        assert!(!ring.seal(&[], b"").unwrap().contains(&old));
        let later = NOON + Duration::days(9999);
        assert_eq!(*ring.open(&[b"totp", b"1"], &sealed, later).unwrap(), b"secret");
        ring.revoke(&old, NOON).unwrap();
        assert!(ring.open(&[b"totp", b"1"], &sealed, NOON).is_err());
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same_twice() {
        let ring = ring();
        let seal = || ring.seal(&[b"a"], b"secret").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn nothing_is_sealed_without_a_key_for_it() {
        let ring = Ring::generate(NOON);
        assert!(ring.seal(&[b"a"], b"secret").unwrap_err().to_string().contains("rotate data"));
        assert!(ring.signing(Purpose::Form).seal(&[b"a"], b"secret").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn sealed_text_is_opened_where_it_was_sealed_for_and_nowhere_else(
            plain in any::<Vec<u8>>(),
            place in any::<[Vec<u8>; 2]>(),
            elsewhere in any::<[Vec<u8>; 2]>(),
        ) {
            let ring = ring();
            let parts = |place: &[Vec<u8>; 2]| place.clone();
            let (here, there) = (parts(&place), parts(&elsewhere));
            let here: Vec<&[u8]> = here.iter().map(Vec::as_slice).collect();
            let there: Vec<&[u8]> = there.iter().map(Vec::as_slice).collect();
            let sealed = ring.seal(&here, &plain).unwrap();
            prop_assert_eq!(&*ring.open(&here, &sealed, NOON).unwrap(), &plain);
            prop_assert_eq!(ring.open(&there, &sealed, NOON).is_ok(), here == there);
            prop_assert!(ring.open(&[&here.concat()], &sealed, NOON).is_err(), "parts moved");
        }

        #[test]
        fn sealed_text_that_was_changed_anywhere_is_refused(
            plain in any::<Vec<u8>>(),
            at in any::<prop::sample::Index>(),
            other in any::<char>(),
        ) {
            let ring = ring();
            let sealed = ring.seal(&[b"a"], &plain).unwrap();
            let at = at.index(sealed.len());
            let mut changed: String = sealed[..at].to_owned();
            changed.push(other);
            changed.push_str(&sealed[at + 1..]);
            prop_assert_eq!(ring.open(&[b"a"], &changed, NOON).is_ok(), changed == sealed);
            prop_assert!(ring.open(&[b"a"], &sealed[..at], NOON).is_err());
        }
    }
}
