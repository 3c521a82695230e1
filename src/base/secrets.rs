//! Random secrets, their text form, and the comparison that takes the same
//! time whatever differs. The only module that asks for randomness.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// `N` bytes from the system-seeded generator (ASVS V11.5.1).
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

/// 128 random bits in the shape of an id.
pub fn random_id() -> Uuid {
    Uuid::from_bytes(random())
}

/// A fresh one-time token of 256 random bits, in text.
pub fn random_token() -> String {
    encode(&random::<32>())
}

/// Digits and letters, in the order in which numbers to the base 62 count them.
pub const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` letters and digits, each of 62 as likely as any other.
pub fn random_letters(length: usize) -> String {
    // The largest multiple of 62 in a byte: what is above would make some likelier.
    let letter = |byte: u8| (byte < 248).then(|| char::from(LETTERS[usize::from(byte % 62)]));
    std::iter::repeat_with(random::<64>).flatten().filter_map(letter).take(length).collect()
}

/// The SHA-256 of a token.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// What the database keeps of a one-time token: a reader of the table cannot use it.
pub fn token_hash(token: &str) -> Vec<u8> {
    digest(token).to_vec()
}

/// Base64url without padding (RFC 7515, section 2).
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes behind base64url text; `None` for any other text, padding and stray bits included.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// An id as tokens and addresses carry it: 22 characters.
pub fn encode_id(id: Uuid) -> String {
    encode(id.as_bytes())
}

/// The id behind its 22 characters.
pub fn decode_id(text: &str) -> Option<Uuid> {
    Uuid::from_slice(&decode(text)?).ok()
}

/// Equality that tells a stopwatch nothing (ASVS V11.2.4).
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
