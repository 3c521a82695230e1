//! Browsers and scripts that an account was logged in with before. Each has
//! attempts of its own, so that a stranger who uses up all others cannot keep
//! the owner out (OWASP, "device cookies").

use time::Duration;
use uuid::Uuid;

use crate::base::keys::{Keys, Purpose};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

/// How long a browser stays known after the last log-in with it.
pub const LIFE: Duration = Duration::days(180);

const LABEL: &[u8] = b"dev2";

/// A browser that an account was logged in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The account.
    pub account: Uuid,
    /// When. A later password change makes it a stranger.
    pub since: Timestamp,
    /// Tells it from the others of that account.
    pub nonce: String,
}

/// The token of a browser that `account` has just been logged in with. It
/// opens nothing; it only has attempts of its own.
pub fn issue(keys: &Keys, account: Uuid, now: Timestamp) -> String {
    token(keys, account, &secrets::encode(&secrets::random::<12>()), now)
}

/// Another token for the same browser, without new attempts.
pub fn issue_again(keys: &Keys, known: &Known, now: Timestamp) -> String {
    token(keys, known.account, &known.nonce, now)
}

fn token(keys: &Keys, account: Uuid, nonce: &str, now: Timestamp) -> String {
    let (account, since) = (secrets::encode_id(account), now.0.to_string());
    let mac = keys.ring().signing(Purpose::Browser).mac(&signed(&account, nonce, &since));
    format!("{account}.{nonce}.{since}.{}", secrets::encode(&mac))
}

/// The browser that has this token.
pub fn verify(keys: &Keys, token: &str, now: Timestamp) -> Option<Known> {
    let parts: Vec<&str> = token.splitn(5, '.').collect();
    let [account, nonce, since, mac] = parts[..] else { return None };
    let mac = secrets::decode(mac)?;
    if !keys.signed(Purpose::Browser, &signed(account, nonce, since), &mac, now) {
        return None;
    }
    let since = Timestamp(since.parse().ok()?);
    let known = Known { account: secrets::decode_id(account)?, since, nonce: nonce.to_owned() };
    (now.since(since) < LIFE).then_some(known)
}

fn signed<'a>(account: &'a str, nonce: &'a str, since: &'a str) -> [&'a [u8]; 4] {
    [LABEL, account.as_bytes(), nonce.as_bytes(), since.as_bytes()]
}
