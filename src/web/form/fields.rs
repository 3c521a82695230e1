//! The fields of a form, read one by one: parsed, refused with a reason, or shown again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::base::error::{Refusal, Subject};
use crate::domain::passwords::policy::{Password, PasswordRules};
use crate::service::words;

/// A form of one of our pages: what it is called, and how its fields are read.
pub trait PageForm: Sized + Send {
    /// Names the form in its CSRF token; a token of one form is no good for another.
    const PURPOSE: &'static str;
    /// The field of a new password, and its label.
    const NEW_PASSWORD: (&'static str, &'static str) = ("password", "Password");
    /// The field of the password the person has, and its label.
    const PRESENT_PASSWORD: (&'static str, &'static str) = ("password", "Password");

    /// The parsed fields; `None` when one was refused (the reason is in `fields`).
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// A lone button: the form has nothing but its CSRF token.
pub struct Button;

impl PageForm for Button {
    const PURPOSE: &'static str = "std";

    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// A reason shown with its field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldError {
    /// The name of the field; empty for the form as a whole.
    pub field: &'static str,
    /// What the page calls it.
    pub label: &'static str,
    /// The reason, in a sentence.
    pub message: String,
}

/// The fields as they were sent, while they are read.
pub struct Fields {
    /// Those that were not read yet.
    pub(super) sent: BTreeMap<String, String>,
    /// What may be shown again. Secrets never get here.
    pub(super) shown: BTreeMap<&'static str, String>,
    pub(super) errors: Vec<FieldError>,
    /// What a new password must be like.
    rules: PasswordRules,
}

impl Fields {
    pub(super) fn of(sent: BTreeMap<String, String>, rules: &PasswordRules) -> Self {
        Self { sent, shown: BTreeMap::new(), errors: vec![], rules: rules.clone() }
    }

    /// A field whose text must parse; else the sentence is shown with it.
    pub fn parsed<T, E: Into<Cow<'static, str>>>(
        &mut self,
        name: &'static str,
        label: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.sent.remove(name).unwrap_or_default();
        let parsed = parse(&text);
        self.shown.insert(name, text);
        parsed.map_err(|why| self.refuse(name, label, why.into().into_owned())).ok()
    }

    /// A text that must not be empty and is never shown again.
    pub fn unseen(&mut self, name: &'static str, label: &'static str) -> Option<Zeroizing<String>> {
        let text = Zeroizing::new(self.sent.remove(name).unwrap_or_default());
        if text.trim().is_empty() {
            self.refuse(name, label, "Please fill this in.".to_owned());
            return None;
        }
        Some(text)
    }

    /// A password. It is never shown again.
    pub fn secret(&mut self, name: &'static str, label: &'static str) -> Option<Password> {
        let password = Password::parse(&self.unseen(name, label)?);
        if password.is_none() {
            let why = "A password has at most 256 characters, and no control characters.";
            self.refuse(name, label, why.to_owned());
        }
        password
    }

    /// A new password, for somebody of these names as far as they are known. It
    /// is checked against the rules that cost nothing to look at, so that what is
    /// wrong with it is shown together with the faults of other fields; the
    /// domain judges it by all of them.
    pub fn new_password(
        &mut self,
        (name, label): (&'static str, &'static str),
        [username, email]: [&str; 2],
    ) -> Option<Password> {
        let password = self.secret(name, label)?;
        let rules = self.rules.with_context(username, email);
        let screened = rules.screen(&password).map_err(words::refusal);
        screened.map_err(|why| self.refuse(name, label, why)).ok()?;
        Some(password)
    }

    /// A field that may be absent and is passed on as it is.
    pub fn text(&mut self, name: &'static str) -> String {
        let text = self.sent.remove(name).unwrap_or_default();
        self.shown.insert(name, text.clone());
        text
    }

    /// A tick box.
    pub fn ticked(&mut self, name: &'static str) -> bool {
        let ticked = self.sent.remove(name).is_some();
        if ticked {
            self.shown.insert(name, "on".to_owned());
        }
        ticked
    }

    /// The names of the ticked boxes that begin so: `role.editor` gives `editor`.
    pub fn all_ticked(&mut self, prefix: &'static str) -> Vec<String> {
        let names = self.sent.keys().filter_map(|name| name.strip_prefix(prefix));
        let names: Vec<String> = names.map(str::to_owned).collect();
        names.iter().for_each(|name| drop(self.sent.remove(&format!("{prefix}{name}"))));
        self.shown.insert(prefix, names.join(" "));
        names
    }

    /// What the domain refuses, with the field that it is about.
    pub fn refuse_as(&mut self, refusal: Refusal) {
        if let Subject::Field(name, label) = refusal.subject() {
            self.refuse(name, label, words::refusal(refusal));
        }
    }

    /// Puts what was refused into the order of these fields, that of the page: the cursor goes
    /// to the first.
    pub fn order(&mut self, fields: &[&str]) {
        let place = |error: &FieldError| fields.iter().position(|field| *field == error.field);
        self.errors.sort_by_key(|error| place(error).unwrap_or(fields.len()));
    }

    fn refuse(&mut self, field: &'static str, label: &'static str, message: String) {
        self.errors.push(FieldError { field, label, message });
    }
}
