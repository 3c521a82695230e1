//! The message shown once after a redirect. The cookie carries a code of this
//! list and its MAC, never text: nobody can make the site say what they like.

use serde::Serialize;

use crate::keys::{Keys, Purpose};
use crate::secrets;
use crate::timestamp::Timestamp;

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// After registration.
    AccountOpened,
    /// After setup.
    SetUp,
    /// After logging out.
    LoggedOut,
    /// After changing the password.
    PasswordChanged,
    /// After setting a password through a recovery link.
    PasswordSet,
    /// After ending one other session.
    SessionEnded,
    /// After ending all other sessions.
    OthersEnded,
    /// The session to end was over already.
    SessionWasOver,
    /// After deleting the account.
    AccountDeleted,
}

/// A message as the template knows it.
#[derive(Serialize)]
pub struct Shown {
    kind: &'static str,
    text: &'static str,
}

const ALL: [(Message, &str, &str); 9] = [
    (Message::AccountOpened, "done", "Your account is open. Please log in."),
    (Message::SetUp, "done", "You are the administrator. Please log in."),
    (Message::LoggedOut, "done", "You are logged out."),
    (
        Message::PasswordChanged,
        "done",
        "Your password is changed, and every other browser is signed out.",
    ),
    (Message::PasswordSet, "done", "Your password is set. Please log in with it."),
    (Message::SessionEnded, "done", "That browser is signed out."),
    (Message::OthersEnded, "done", "Every other browser is signed out."),
    (Message::SessionWasOver, "notice", "That session was over already."),
    (Message::AccountDeleted, "done", "Your account and what was kept about you are deleted."),
];

impl Message {
    fn code(self) -> String {
        (self as u8).to_string()
    }

    /// The words.
    pub fn shown(self) -> Shown {
        let (_, kind, text) = ALL[self as usize];
        Shown { kind, text }
    }

    /// The cookie's value.
    pub fn sign(self, keys: &Keys) -> String {
        let code = self.code();
        let mac = keys.ring().signing(Purpose::Message).mac(&[b"msg1", code.as_bytes()]);
        format!("{code}.{}", secrets::encode(&mac))
    }

    /// The message in a cookie that we made.
    pub fn verify(keys: &Keys, value: &str, now: Timestamp) -> Option<Self> {
        let (code, mac) = value.split_once('.')?;
        let mac = secrets::decode(mac)?;
        let known = keys
            .ring()
            .verifying(Purpose::Message, now)
            .any(|key| key.matches(&[b"msg1", code.as_bytes()], &mac));
        let (message, ..) = ALL.get(code.parse::<usize>().ok()?)?;
        known.then_some(*message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_believed_only_with_our_mac() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp(1_767_268_800_000);
        let keys = Keys::in_file(&folder.path().join("keys.json"), now).unwrap();
        let value = Message::LoggedOut.sign(&keys);
        assert_eq!(Message::verify(&keys, &value, now), Some(Message::LoggedOut));
        let (_, mac) = value.split_once('.').unwrap();
        assert_eq!(Message::verify(&keys, &format!("0.{mac}"), now), None);
        assert_eq!(Message::verify(&keys, "2.AAAA", now), None);
    }

    #[test]
    fn every_code_leads_to_its_own_words() {
        for (place, (message, ..)) in ALL.into_iter().enumerate() {
            assert_eq!(message as usize, place);
        }
    }
}
