//! The message shown once after a redirect. The cookie carries a code of this
//! list, numbers, and their MAC, never text: nobody can make the site say what they like.

use serde::Serialize;

use crate::base::keys::{Keys, Purpose};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::administration::{Outcome, Undone};

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
    /// Staff opened an account.
    AccountAdded,
    /// Staff switched accounts off: how many, and how many sessions ended.
    Disabled,
    /// Staff switched accounts on.
    Enabled,
    /// Staff ended the sessions of accounts: how many sessions, of how many accounts.
    SignedOut,
    /// Staff deleted accounts.
    Deleted,
    /// Staff changed somebody's roles.
    RolesChanged,
    /// Nothing was to be changed.
    Unchanged,
    /// Staff ended sessions.
    SessionsEnded,
    /// Staff revoked a token.
    TokenRevoked,
    /// An administrator made a role.
    RoleCreated,
    /// An administrator renamed or described a role.
    RoleChanged,
    /// An administrator removed a role, from so many accounts.
    RoleRemoved,
    /// Staff reset failed attempts.
    Forgiven,
    /// An act was taken back.
    Undone,
    /// It could not be taken back any more.
    NotUndone,
    /// An act was taken back for so many accounts, and so many were changed since.
    PartlyUndone,
    /// The account has permissions that the person acting on it lacks.
    TargetOutranksActor,
    /// Nobody does that to their own account.
    OwnAccount,
}

/// Every message with its kind and its words; `{0}` stands for its first number.
const ALL: [(Message, &str, &str); 27] = [
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
    (Message::AccountAdded, "done", "The account is open."),
    (Message::Disabled, "done", "Accounts switched off: {0}. Sessions ended: {1}."),
    (Message::Enabled, "done", "Accounts switched on: {0}."),
    (Message::SignedOut, "done", "Sessions ended: {1}, of accounts: {0}."),
    (Message::Deleted, "done", "Accounts deleted: {0}."),
    (Message::RolesChanged, "done", "The roles are changed, from the very next request on."),
    (Message::Unchanged, "notice", "Nothing had to be changed."),
    (Message::SessionsEnded, "done", "Sessions ended: {0}."),
    (Message::TokenRevoked, "done", "The token is revoked, from the very next request on."),
    (Message::RoleCreated, "done", "The role is made."),
    (Message::RoleChanged, "done", "The role is changed."),
    (Message::RoleRemoved, "done", "The role is removed, also from the accounts that had it: {0}."),
    (Message::Forgiven, "done", "Failed attempts are forgiven: it can be tried again at once."),
    (Message::Undone, "done", "Taken back. Sessions that ended stay ended."),
    (
        Message::NotUndone,
        "warning",
        "That cannot be taken back any more: it was changed again, or it is too long ago.",
    ),
    (
        Message::PartlyUndone,
        "warning",
        "Taken back for accounts: {0}. Changed since, and left as they are: {1}.",
    ),
    (
        Message::TargetOutranksActor,
        "warning",
        "Nothing was done: this account may do things that yours may not. Please ask an administrator.",
    ),
    (
        Message::OwnAccount,
        "warning",
        "Nothing was done: this cannot be done to your own account. Please ask somebody else of the staff.",
    ),
];

/// A message with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    message: Message,
    /// What stands for `{0}` and `{1}`, and the audit events an undo is about.
    numbers: [i64; 4],
}

impl From<Message> for Note {
    fn from(message: Message) -> Self {
        Self { message, numbers: [0; 4] }
    }
}

/// A message as the template knows it.
#[derive(Serialize)]
pub struct Shown {
    kind: &'static str,
    text: String,
    #[serde(skip)]
    undo: Option<Undo>,
}

impl Shown {
    /// The button that belongs to it, if there is one.
    pub fn undo(&self) -> Option<&Undo> {
        self.undo.as_ref()
    }
}

/// The button that takes an act back.
#[derive(Serialize)]
pub struct Undo {
    path: &'static str,
    first: i64,
    last: i64,
}

impl Note {
    /// `message` about what was done, with an undo where there is one.
    pub fn about(message: Message, done: &Outcome) -> Self {
        let (first, last) = done.events.unwrap_or_default();
        let message = if done.accounts == 0 { Message::Unchanged } else { message };
        Self { message, numbers: [done.accounts as i64, done.sessions as i64, first, last] }
    }

    /// What came of an undo.
    pub fn undone(undone: Undone) -> Self {
        let message = if undone.left == 0 { Message::Undone } else { Message::PartlyUndone };
        Self { message, numbers: [undone.accounts as i64, undone.left as i64, 0, 0] }
    }

    /// `message` about so many.
    pub fn counting(message: Message, count: u64) -> Self {
        Self { message, numbers: [count as i64, 0, 0, 0] }
    }

    /// The words.
    pub fn shown(self) -> Shown {
        let (_, kind, text) = ALL[self.message as usize];
        let [zero, one, first, last] = self.numbers;
        let text = text.replace("{0}", &zero.to_string()).replace("{1}", &one.to_string());
        let path = match self.message {
            Message::Disabled => Some("/admin/undo/disable"),
            Message::RolesChanged => Some("/admin/undo/roles"),
            _ => None,
        };
        Shown { kind, text, undo: path.map(|path| Undo { path, first, last }) }
    }

    /// The cookie's value.
    pub fn sign(self, keys: &Keys) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(i64::to_string).collect();
        let code = format!("{}_{}", self.message as u8, numbers.join("_"));
        let mac = keys.ring().signing(Purpose::Message).mac(&[b"msg1", code.as_bytes()]);
        format!("{code}.{}", secrets::encode(&mac))
    }

    /// The message in a cookie that we made.
    pub fn verify(keys: &Keys, value: &str, now: Timestamp) -> Option<Self> {
        let (code, mac) = value.split_once('.')?;
        let mac = secrets::decode(mac)?;
        let known = keys.signed(Purpose::Message, &[b"msg1", code.as_bytes()], &mac, now);
        let mut parts = code.split('_').map(str::parse::<i64>);
        let (message, ..) = ALL.get(usize::try_from(parts.next()?.ok()?).ok()?)?;
        let numbers: Vec<i64> = parts.collect::<Result<_, _>>().ok()?;
        let note = Self { message: *message, numbers: numbers.try_into().ok()? };
        known.then_some(note)
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
        let note = Note::counting(Message::SessionsEnded, 7);
        let value = note.sign(&keys);
        assert_eq!(Note::verify(&keys, &value, now), Some(note));
        let (_, mac) = value.split_once('.').unwrap();
        for forged in ["0_0_0_0_0", "99_0_0_0_0", "0", "", "-1_0_0_0_0", "0_a_0_0_0"] {
            assert_eq!(Note::verify(&keys, &format!("{forged}.{mac}"), now), None, "{forged}");
        }
        assert_eq!(Note::verify(&keys, "2_0_0_0_0.AAAA", now), None);
    }

    #[test]
    fn every_code_leads_to_its_own_words() {
        for (place, (message, ..)) in ALL.into_iter().enumerate() {
            assert_eq!(message as usize, place);
        }
    }
}
