//! Browsers that an account was logged in with before. They have attempts of
//! their own, so that a stranger who uses up all others cannot keep the owner
//! out (OWASP, "device cookies").

use time::Duration;
use uuid::Uuid;

use crate::keys::{Keys, Purpose};
use crate::secrets;
use crate::timestamp::Timestamp;

/// How long a browser stays known after the last log-in with it.
pub const LIFE: Duration = Duration::days(180);

const LABEL: &[u8] = b"dev1";

/// The token of a browser that `account` has just been logged in with. It
/// opens nothing; it only has attempts of its own.
pub fn issue(keys: &Keys, account: Uuid) -> String {
    let (account, nonce) = (secrets::encode_id(account), secrets::encode(&secrets::random::<12>()));
    let ring = keys.ring();
    let mac = ring.signing(Purpose::Form).mac(&[LABEL, account.as_bytes(), nonce.as_bytes()]);
    format!("{account}.{nonce}.{}", secrets::encode(&mac))
}

/// The account that a browser with this token was logged in with.
pub fn verify(keys: &Keys, token: &str, now: Timestamp) -> Option<Uuid> {
    let mut parts = token.split('.');
    let (account, nonce, mac) = (parts.next()?, parts.next()?, secrets::decode(parts.next()?)?);
    let signed = [LABEL, account.as_bytes(), nonce.as_bytes()];
    let known = keys.signed(Purpose::Form, &signed, &mac, now);
    if known && parts.next().is_none() { secrets::decode_id(account) } else { None }
}
