//! How a token is written: `dwp_` (`dws_` for a service), 32 letters and digits
//! that are random, and 6 with the CRC-32 of all before them. Scanners find it in
//! text, and a mistyped one costs no query.

use crate::base::secrets::{self, LETTERS};
use crate::domain::accounts::AccountKind;

const PERSON: &str = "dwp_";
const SERVICE: &str = "dws_";

const RANDOM: usize = 32;
const CHECKSUM: usize = 6;

/// The SHA-256 of a token whose checksum is right: what is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub(super) [u8; 32]);

impl Digest {
    /// That of a token; `None` where it was mistyped or cut.
    pub fn of(text: &str) -> Option<Self> {
        let is_whole = text.len() == PERSON.len() + RANDOM + CHECKSUM && text.is_ascii();
        if !is_whole || !is_ours(text) {
            return None;
        }
        let (before, sum) = text.split_at(text.len() - CHECKSUM);
        (sum == checksum(before)).then(|| Self(secrets::digest(text)))
    }
}

/// Whether a text claims to be a token of this service, good or not.
pub fn is_ours(text: &str) -> bool {
    text.starts_with(PERSON) || text.starts_with(SERVICE)
}

/// A token that nobody had before.
pub fn fresh(kind: AccountKind) -> String {
    let prefix = match kind {
        AccountKind::Person => PERSON,
        AccountKind::Service => SERVICE,
    };
    let before = format!("{prefix}{}", secrets::random_letters(RANDOM));
    let sum = checksum(&before);
    before + &sum
}

/// By what its owner tells it from others.
pub fn hint(token: &str) -> &str {
    &token[token.len() - 4..]
}

fn checksum(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut letters = [b'0'; CHECKSUM];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS[(rest % 62) as usize];
        rest /= 62;
    }
    letters.iter().copied().map(char::from).collect()
}

/// That of IEEE 802.3, as in zip and PNG.
fn crc32(bytes: &[u8]) -> u32 {
    let byte_in = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    };
    !bytes.iter().fold(!0, byte_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_crc_32_that_others_calculate() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // That of Python's zlib.crc32, to the base 62.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn a_token_is_known_whole_and_unchanged_alone() {
        for (kind, prefix) in [(AccountKind::Person, "dwp_"), (AccountKind::Service, "dws_")] {
            let token = fresh(kind);
            assert!(token.starts_with(prefix) && token.len() == 42, "{token}");
            assert!(token[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
            assert_eq!(Digest::of(&token), Some(Digest(secrets::digest(&token))));
            assert_ne!(token, fresh(kind));
            for place in 0..token.len() {
                let mut other = token.clone().into_bytes();
                other[place] = if other[place] == b'x' { b'y' } else { b'x' };
                let other = String::from_utf8(other).unwrap();
                assert_eq!(Digest::of(&other), None, "{other}");
            }
        }
        let token = fresh(AccountKind::Person);
        let (cut, long) = (&token[..41], format!("{token}0"));
        let other_letters = format!("dwp_{}", "\u{e9}".repeat(19));
        for other in [cut, &long, &token[1..], "dwp_", "", &other_letters] {
            assert_eq!(Digest::of(other), None, "{other}");
        }
    }
}
