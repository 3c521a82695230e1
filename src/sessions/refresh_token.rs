//! The refresh token: `v1.<sid>.<gen>.<MAC>`. Nothing of it is stored: the MAC
//! is computed again from the key and the session's salt, so a retry gets the
//! same successor and a stolen database holds nothing usable.

use crate::keys::Key;
use crate::secrets;
use crate::timestamp::Timestamp;

use super::{SessionId, entity};
use time::Duration;

/// How long after a rotation the parent still gets the successor, for tabs that
/// asked at the same time.
pub const GRACE: Duration = Duration::seconds(60);

/// A token that has the right form. Whether its MAC is right needs the session's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session it belongs to.
    pub sid: SessionId,
    /// Its place in the line of tokens of that session.
    pub generation: i64,
    mac: [u8; 32],
}

impl RefreshToken {
    /// The token of session `sid` in `generation`, under `key`.
    pub fn issue(key: &Key, sid: SessionId, generation: i64, salt: &[u8]) -> Self {
        let number = generation.to_string();
        let mac = key.mac(&[b"rt1", sid.0.as_bytes(), number.as_bytes(), salt]);
        Self { sid, generation, mac }
    }

    /// The token in `text`, if it has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let version = parts.next()?;
        let (sid, number, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let canonical = !number.is_empty()
            && number.len() <= 15
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && (number == "0" || !number.starts_with('0'));
        if version != "v1" || parts.next().is_some() || !canonical {
            return None;
        }
        Some(Self {
            sid: SessionId(secrets::decode_id(sid)?),
            generation: number.parse().ok()?,
            mac: secrets::decode(mac)?.try_into().ok()?,
        })
    }

    /// Whether `key` made it for the session with this salt.
    pub fn is_made_by(&self, key: &Key, salt: &[u8]) -> bool {
        let number = self.generation.to_string();
        key.matches(&[b"rt1", self.sid.0.as_bytes(), number.as_bytes(), salt], &self.mac)
    }
}

impl std::fmt::Display for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sid, mac) = (secrets::encode_id(self.sid.0), secrets::encode(&self.mac));
        write!(f, "v1.{sid}.{}.{mac}", self.generation)
    }
}

/// What a presented generation means, held against the session's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The newest token: rotate.
    Rotate,
    /// Its successor may not have arrived yet: hand out the successor again.
    Again,
    /// Its successor is in use: a copy exists.
    Reuse,
    /// Newer than the row: an older database was restored.
    Restored,
}

impl Verdict {
    /// The word in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Again => "again",
            Self::Reuse => "reuse",
            Self::Restored => "restored",
        }
    }
}

/// The table of the rotation protocol. `confirmed` is the newest generation
/// that a browser has proved to hold.
pub fn judge(presented: i64, row: &entity::Model, confirmed: i64, now: Timestamp) -> Verdict {
    let current = row.generation;
    // A clock that was set back makes the age negative: that counts as recent.
    let recent = now.since(row.rotated_at) < GRACE;
    if presented == current {
        Verdict::Rotate
    } else if presented > current {
        Verdict::Restored
    } else if presented == current - 1 && (recent || confirmed < current) {
        Verdict::Again
    } else {
        Verdict::Reuse
    }
}
