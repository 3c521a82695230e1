//! The hash of a password, as it is stored.

/// A hash that may be stored as that of somebody's password: proof that the
/// policy let the password pass. Only
/// [`Hasher::hash_new`](super::hasher::Hasher::hash_new) makes one, and
/// [`Hasher::hash_unknown`](super::hasher::Hasher::hash_unknown), whose password
/// nobody knows.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(super) fn judged(text: String) -> Self {
        Self(text)
    }

    /// In PHC text form.
    pub fn into_text(self) -> String {
        self.0
    }
}
