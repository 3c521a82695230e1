//! What a browser carries through the handshake: a nonce in a cookie of the
//! application's host, and a state in addresses. Nothing of it is stored.

use std::fmt;

use crate::base::host::Authority;
use crate::base::keys::{Keys, Purpose};
use crate::base::percent::{is_unreserved, percent_encoded};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

/// A page of the application, to go to when it is entered: its path and query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    const MOST_BYTES: usize = 2048;

    /// The page in `text`; `None` for anything that a browser could take for
    /// another host, and for our own pages there.
    pub fn parse(text: &str) -> Option<Self> {
        let second = text.as_bytes().get(1);
        let is_path = text.starts_with('/') && !matches!(second, Some(b'/' | b'\\'));
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        let is_fit = is_path
            && text.len() <= Self::MOST_BYTES
            && text.bytes().all(plain)
            && (!text.starts_with("/.doorward/") || text == "/.doorward/entered");
        is_fit.then(|| Self(text.to_owned()))
    }

    /// As a value of a query.
    pub fn encoded(&self) -> String {
        percent_encoded(&self.0, is_unreserved)
    }
}

impl Default for Target {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret of one browser at one host. Only its digest leaves the browser.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A fresh one.
    pub fn fresh() -> Self {
        Self(secrets::random())
    }

    /// The one in a cookie.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(secrets::decode(text)?.try_into().ok()?))
    }

    /// For the cookie.
    pub fn text(&self) -> String {
        secrets::encode(&self.0)
    }

    /// What stands for it outside the browser.
    pub fn challenge(&self) -> Challenge {
        Challenge(secrets::digest(&self.text()))
    }
}

/// The digest of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge(pub(super) [u8; 32]);

impl Challenge {
    /// The one in an address.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(secrets::decode(text)?.try_into().ok()?))
    }

    /// For an address.
    pub fn text(&self) -> String {
        secrets::encode(&self.0)
    }
}

/// What comes back with a code: where to go on, and how often this was tried.
/// Its MAC binds it to one host and one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Where to go on.
    pub target: Target,
    /// How often it was tried before, in a row.
    pub attempt: u8,
    /// The minute in which it was made.
    minute: i64,
}

impl State {
    /// A state is good for so many minutes.
    const LIFE: i64 = 60;
    /// So often in a row it is tried.
    pub const MOST_ATTEMPTS: u8 = 3;

    /// One made now.
    pub fn new(target: Target, attempt: u8, now: Timestamp) -> Self {
        Self { target, attempt, minute: now.seconds().div_euclid(60) }
    }

    /// For an address: two parts in base64url.
    pub fn sign(&self, keys: &Keys, host: &Authority, challenge: Challenge) -> String {
        let text = format!("{}.{}.{}", self.attempt, self.minute, self.target);
        let mac =
            keys.ring().signing(Purpose::Entry).mac(&parts(&host.to_string(), &challenge, &text));
        format!("{}.{}", secrets::encode(text.as_bytes()), secrets::encode(&mac))
    }

    /// How often it was tried, as a state says that may be forged: it ends a loop
    /// of a browser that keeps no cookies, and decides nothing else.
    pub fn attempt_in(text: &str) -> u8 {
        let text = text.split('.').next().and_then(secrets::decode);
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        text.split('.').next().and_then(|attempt| attempt.parse().ok()).unwrap_or(0).min(100)
    }

    /// The state in an address, if it was made for that host and browser less than an hour ago.
    pub fn read(
        text: &str,
        keys: &Keys,
        host: &Authority,
        challenge: Challenge,
        now: Timestamp,
    ) -> Option<Self> {
        let (text, mac) = text.split_once('.')?;
        let text = String::from_utf8(secrets::decode(text)?).ok()?;
        let mac = secrets::decode(mac)?;
        let host = host.to_string();
        if !keys.signed(Purpose::Entry, &parts(&host, &challenge, &text), &mac, now) {
            return None;
        }
        let mut fields = text.splitn(3, '.');
        let attempt = fields.next()?.parse().ok()?;
        let minute: i64 = fields.next()?.parse().ok()?;
        let target = Target::parse(fields.next()?)?;
        let age = now.seconds().div_euclid(60) - minute;
        (-1..Self::LIFE).contains(&age).then_some(Self { target, attempt, minute })
    }
}

fn parts<'a>(host: &'a str, challenge: &'a Challenge, text: &'a str) -> [&'a [u8]; 4] {
    [b"st1", host.as_bytes(), &challenge.0, text.as_bytes()]
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::base::host::Scheme;

    const NOON: Timestamp = Timestamp(1_767_268_800_000);

    #[test]
    fn only_a_page_of_the_same_host_is_a_target() {
        for text in ["/", "/a?b=c&d=%2F", "/a//b", "/.doorward/entered", "/.well-known/x"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "a",
            "//evil",
            "/\\evil",
            "https://evil",
            "javascript:alert(1)",
            "/a#b",
            "/a b",
            "/a\r\nLocation: x",
            "/.doorward/leave",
            "/.doorward/enter?to=/",
            "/\u{e9}",
        ] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
        assert_eq!(Target::parse(&format!("/{}", "a".repeat(2048))), None);
        assert_eq!(Target::parse("/a?b=c").unwrap().encoded(), "%2Fa%3Fb%3Dc");
    }

    #[test]
    fn a_state_is_good_for_its_host_and_browser_for_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::in_file(&folder.path().join("keys.json"), NOON).unwrap();
        let host = |text| Authority::parse(text, Scheme::Https).unwrap();
        let (wiki, files) = (host("wiki.example.org"), host("files.example.org"));
        let (mine, other) = (Nonce::fresh().challenge(), Nonce::fresh().challenge());
        let state = State::new(Target::parse("/a.b?c=d.e").unwrap(), 2, NOON);
        let text = state.sign(&keys, &wiki, mine);
        let read = |text: &str, host, challenge, minutes| {
            State::read(text, &keys, host, challenge, NOON + Duration::minutes(minutes))
        };
        assert_eq!(read(&text, &wiki, mine, 59), Some(state));
        assert_eq!(read(&text, &wiki, mine, 60), None);
        assert_eq!(read(&text, &files, mine, 0), None);
        assert_eq!(read(&text, &wiki, other, 0), None);
        assert_eq!(read(&text[1..], &wiki, mine, 0), None);
        assert_eq!(read("", &wiki, mine, 0), None);
    }
}
