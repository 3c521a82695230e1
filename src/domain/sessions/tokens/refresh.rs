//! The refresh token: `v2.<sid>.<gen>.<mark>.<MAC>`. Nothing of it is stored:
//! the MAC is computed again from the key and the session's salt, so a retry
//! gets the same successor and a stolen database holds nothing usable.
//!
//! Tokens of the first form, `v1.<sid>.<gen>.<MAC>`, are still read: their
//! sessions live for up to thirty days after an upgrade.

use crate::base::keys::Key;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::sessions::session::SessionId;

/// A token that has the right form. Whether its MAC is right needs the session's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session it belongs to.
    pub sid: SessionId,
    /// Its place in the line of tokens of that session.
    pub generation: i64,
    /// The moment of its hand-out (see [`crate::domain::sessions::refresh::rotation`]); `None` in a token of the first form.
    pub mark: Option<Timestamp>,
    mac: [u8; 32],
}

impl RefreshToken {
    /// The token of session `sid` in `generation`, handed out at `mark`, under `key`.
    pub fn issue(key: &Key, sid: SessionId, generation: i64, mark: Timestamp, salt: &[u8]) -> Self {
        let (number, moment) = (generation.to_string(), mark.0.to_string());
        let sid_bytes = sid.0.as_bytes();
        let mac = key.mac(&[b"rt2", sid_bytes, number.as_bytes(), moment.as_bytes(), salt]);
        Self { sid, generation, mark: Some(mark), mac }
    }

    /// The token in `text`, if it has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').take(6).collect();
        let (sid, generation, mark, mac) = match parts[..] {
            ["v2", sid, generation, mark, mac] => (sid, generation, Some(mark), mac),
            ["v1", sid, generation, mac] => (sid, generation, None, mac),
            _ => return None,
        };
        let mark = match mark.map(canonical) {
            Some(None) => return None,
            mark => mark.flatten().map(Timestamp),
        };
        Some(Self {
            sid: SessionId(secrets::decode_id(sid)?),
            generation: canonical(generation)?,
            mark,
            mac: secrets::decode(mac)?.try_into().ok()?,
        })
    }

    /// Whether `key` made it for the session with this salt.
    pub fn is_made_by(&self, key: &Key, salt: &[u8]) -> bool {
        let (sid, number) = (self.sid.0.as_bytes(), self.generation.to_string());
        match self.mark {
            Some(mark) => {
                let moment = mark.0.to_string();
                let parts: [&[u8]; 5] = [b"rt2", sid, number.as_bytes(), moment.as_bytes(), salt];
                key.matches(&parts, &self.mac)
            }
            None => key.matches(&[b"rt1", sid, number.as_bytes(), salt], &self.mac),
        }
    }
}

/// A number in its one form: no sign, no leading zero, at most 15 digits.
fn canonical(number: &str) -> Option<i64> {
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let shortest = number == "0" || !number.starts_with('0');
    if digits && shortest && number.len() <= 15 { number.parse().ok() } else { None }
}

impl std::fmt::Display for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sid, mac) = (secrets::encode_id(self.sid.0), secrets::encode(&self.mac));
        match self.mark {
            Some(mark) => write!(f, "v2.{sid}.{}.{}.{mac}", self.generation, mark.0),
            None => write!(f, "v1.{sid}.{}.{mac}", self.generation),
        }
    }
}
