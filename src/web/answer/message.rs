//! The message shown once after a redirect. The cookie carries the id of a message
//! that some page declares, numbers, and their MAC, never text: nobody can make
//! the site say what they like.

use rocket::Request;
use serde::Serialize;

use super::view::grouped;
use crate::base::keys::{Keys, Purpose};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

/// What a page can say. Each declares its own, and lists them in `MESSAGES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    id: &'static str,
    kind: &'static str,
    words: &'static str,
    undo: Option<&'static str>,
}

impl Message {
    /// Something was done. In the words, `{0}` and `{1}` stand for numbers.
    pub const fn done(id: &'static str, words: &'static str) -> Self {
        Self { id, kind: "done", words, undo: None }
    }

    /// Nothing was to be done.
    pub const fn notice(id: &'static str, words: &'static str) -> Self {
        Self { id, kind: "notice", words, undo: None }
    }

    /// Something was not done.
    pub const fn warning(id: &'static str, words: &'static str) -> Self {
        Self { id, kind: "warning", words, undo: None }
    }

    /// With a button that takes it back, sent to this address.
    pub const fn undone_at(self, path: &'static str) -> Self {
        Self { undo: Some(path), ..self }
    }

    /// The address of the button that takes it back.
    pub const fn undone_by(&self) -> Option<&'static str> {
        self.undo
    }

    /// The message with its numbers.
    pub const fn with(self, numbers: [i64; 4]) -> Note {
        Note { message: self, numbers }
    }

    /// The message about so many.
    pub const fn counting(self, count: u64) -> Note {
        self.with([count as i64, 0, 0, 0])
    }

    /// Names it in the cookie.
    pub const fn id(&self) -> &'static str {
        self.id
    }
}

/// The messages of all pages, by which a cookie is read.
pub struct Messages(pub Vec<Message>);

/// A message with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    message: Message,
    /// What stands for `{0}` and `{1}`, and the audit events an undo is about.
    numbers: [i64; 4],
}

impl From<Message> for Note {
    fn from(message: Message) -> Self {
        message.with([0; 4])
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
    /// The message without its numbers.
    #[cfg(test)]
    pub fn message(&self) -> Message {
        self.message
    }

    /// The words.
    pub fn shown(self) -> Shown {
        let Message { kind, words, undo, .. } = self.message;
        let [zero, one, first, last] = self.numbers;
        let text = words.replace("{0}", &grouped(zero)).replace("{1}", &grouped(one));
        Shown { kind, text, undo: undo.map(|path| Undo { path, first, last }) }
    }

    /// The cookie's value.
    pub fn sign(self, keys: &Keys) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(i64::to_string).collect();
        let code = format!("{}_{}", self.message.id, numbers.join("_"));
        let mac = keys.ring().signing(Purpose::Message).mac(&[b"msg2", code.as_bytes()]);
        format!("{code}.{}", secrets::encode(&mac))
    }
}

impl Messages {
    /// The messages of this server.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state().expect("the messages are managed")
    }

    /// The message in a cookie that we made.
    pub fn verify(&self, keys: &Keys, value: &str, now: Timestamp) -> Option<Note> {
        let (code, mac) = value.split_once('.')?;
        let mac = secrets::decode(mac)?;
        let known = keys.signed(Purpose::Message, &[b"msg2", code.as_bytes()], &mac, now);
        let (id, numbers) = code.split_once('_')?;
        let message = self.0.iter().find(|message| message.id() == id)?;
        let numbers: Vec<i64> =
            numbers.split('_').map(str::parse).collect::<Result<_, _>>().ok()?;
        let note = message.with(numbers.try_into().ok()?);
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
        let [ended, other, gone] = ["ended", "other", "gone"].map(|id| Message::done(id, "{0}"));
        let messages = Messages(vec![ended, other]);
        let note = ended.counting(7);
        let value = note.sign(&keys);
        assert_eq!(messages.verify(&keys, &value, now), Some(note));
        assert_eq!(ended.counting(1234).shown().text, "1,234");
        let (_, mac) = value.split_once('.').unwrap();
        for forged in ["other_7_0_0_0", "ended_8_0_0_0", "ended", "", "ended_7", "ended_a_0_0_0"] {
            let forged = format!("{forged}.{mac}");
            assert_eq!(messages.verify(&keys, &forged, now), None, "{forged}");
        }
        assert_eq!(messages.verify(&keys, "ended_7_0_0_0.AAAA", now), None);
        assert_eq!(messages.verify(&keys, &gone.counting(7).sign(&keys), now), None);
    }
}
