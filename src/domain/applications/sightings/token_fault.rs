//! Why a token opens nothing here and now.

/// Why a token that was shown is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// It was mistyped, cut, or sent in a way that no token is sent in.
    Malformed,
    /// Several were sent.
    Several,
    /// No account has it.
    Unknown,
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
    /// Its account is disabled.
    Disabled,
    /// It is for other applications.
    OtherApplication,
    /// It is not good from there.
    OtherNetwork,
    /// Only a token for a single application is taken as a password: some
    /// proxies show the application that header.
    NotAPassword,
}

impl TokenFault {
    /// The word in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Several => "several",
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "account_disabled",
            Self::OtherApplication => "other_application",
            Self::OtherNetwork => "other_network",
            Self::NotAPassword => "not_a_password",
        }
    }

    /// Whether the token itself is good, and only what it is used for is not.
    pub fn is_of_use(self) -> bool {
        matches!(self, Self::OtherApplication | Self::OtherNetwork | Self::NotAPassword)
    }

    /// Whether it stays so.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Revoked | Self::Expired)
    }
}
