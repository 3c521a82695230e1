//! What keys are for.

use serde::{Deserialize, Serialize};

/// What a key may be used for. One key never serves two purposes (RFC 8725, section 3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs access tokens.
    Access,
    /// Authenticates refresh tokens.
    Refresh,
    /// Authenticates the CSRF tokens of forms.
    Form,
    /// Authenticates the message code shown after a redirect.
    Message,
    /// Authenticates the cookies and device tokens of known browsers and scripts.
    Browser,
    /// Hides names and addresses in what is counted. With another key, every count starts from zero.
    Throttle,
    /// Goes into the hash of every password in addition to the salt, and so keeps a
    /// stolen database from being guessed at. There is none until one is made.
    Password,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::Access,
        Self::Refresh,
        Self::Form,
        Self::Message,
        Self::Browser,
        Self::Throttle,
        Self::Password,
    ];

    /// Those for which a ring has at least one key.
    pub const NEEDED: [Self; 6] =
        [Self::Access, Self::Refresh, Self::Form, Self::Message, Self::Browser, Self::Throttle];

    /// Those that rings of the first versions have no keys for: the form key served them, too.
    pub(super) const LATER: [Self; 2] = [Self::Browser, Self::Throttle];

    /// The name used on the command line and in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Form => "form",
            Self::Message => "message",
            Self::Browser => "browser",
            Self::Throttle => "throttle",
            Self::Password => "password",
        }
    }

    /// The purpose of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}
