//! By what somebody proved who they are, and when.

use time::Duration;

use crate::base::timestamp::Timestamp;

/// One way to prove who one is, each a bit of its own. The names are those of
/// RFC 8176 (`amr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// The account's password (`pwd`).
    Password = 1,
}

impl AuthMethod {
    const ALL: [Self; 1] = [Self::Password];

    fn name(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthMethods(u8);

impl AuthMethods {
    /// The password and nothing else.
    pub const PASSWORD: Self = Self(AuthMethod::Password as u8);

    /// The set that is stored as these names, with blanks between them. A name
    /// that a newer release has written and this one does not know proves nothing.
    pub fn stored(names: &str) -> Self {
        let named = |name: &str| AuthMethod::ALL.into_iter().find(|one| one.name() == name);
        Self(names.split(' ').filter_map(named).fold(0, |set, one| set | one as u8))
    }

    /// Whether somebody proved who they are in that way.
    pub fn has(self, method: AuthMethod) -> bool {
        self.0 & method as u8 != 0
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        AuthMethod::ALL.into_iter().filter(move |one| self.has(*one)).map(AuthMethod::name)
    }

    /// As [`AuthMethods::stored`] reads them.
    pub fn to_stored(self) -> String {
        self.names().collect::<Vec<_>>().join(" ")
    }
}

/// How sure it is who sends a request: what the owner of the session proved
/// last, and when. Guards ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthLevel {
    /// By what.
    pub methods: AuthMethods,
    /// When: at the sign-in, or when the password was given again.
    pub at: Timestamp,
}

impl AuthLevel {
    /// Whether that was less than `limit` ago.
    pub fn is_within(self, limit: Duration, now: Timestamp) -> bool {
        now.since(self.at) < limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_too_old_from_its_limit_on() {
        let level = AuthLevel { methods: AuthMethods::PASSWORD, at: Timestamp(0) };
        assert!(level.is_within(Duration::minutes(5), Timestamp(299_999)));
        assert!(!level.is_within(Duration::minutes(5), Timestamp(300_000)));
    }

    #[test]
    fn a_set_is_read_as_it_was_stored_and_knows_no_name_of_a_newer_release() {
        assert_eq!(AuthMethods::PASSWORD.to_stored(), "pwd");
        assert_eq!(AuthMethods::stored("pwd"), AuthMethods::PASSWORD);
        assert_eq!(AuthMethods::stored("hwk pwd"), AuthMethods::PASSWORD);
        assert_eq!(AuthMethods::stored("pwd pwd"), AuthMethods::PASSWORD);
        assert_eq!(AuthMethods::stored(""), AuthMethods::default());
        assert!(!AuthMethods::stored("hwk").has(AuthMethod::Password));
    }
}
