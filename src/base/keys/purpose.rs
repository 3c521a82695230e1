//! What keys are for: one table, from which everything else about purposes follows.

use time::Duration;

/// What a key may be used for. One key never serves two purposes (RFC 8725, section 3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Authenticates the cookies and states by which applications are entered.
    Entry,
    /// Signs what applications are told about their visitors.
    Assertion,
    /// Goes into the hash of every password in addition to the salt, and so keeps a
    /// stolen database from being guessed at. There is none until one is made.
    Password,
    /// Encrypts what the database keeps and the server must read again. There
    /// is none until one is made.
    Data,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// It authenticates with HMAC-SHA-256.
    HmacSha256,
    /// It encrypts with AES-256-GCM-SIV (RFC 8452).
    Aes256GcmSiv,
    /// It signs with ECDSA over P-256 (ES256), and others verify.
    Es256,
}

impl Algorithm {
    /// Whether others verify with a public half of the key.
    pub fn has_public_half(self) -> bool {
        match self {
            Self::HmacSha256 | Self::Aes256GcmSiv => false,
            Self::Es256 => true,
        }
    }
}

/// How long what a key signed can be good, and so how long a key that was
/// rotated must still verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// As long as an access token, and the clocks' leeway.
    AccessToken,
    /// As long as the longest session.
    Session,
    /// As long as a browser stays known.
    KnownBrowser,
    /// As long as this.
    Fixed(Duration),
    /// Until the key is revoked: what it was used for is kept.
    UntilRevoked,
}

/// The lives that are settings, or known elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// Of an access token, with the clocks' leeway.
    pub access_token: Duration,
    /// Of the longest session.
    pub session: Duration,
    /// Of a known browser.
    pub known_browser: Duration,
}

impl Life {
    /// In this service.
    pub fn length(self, lives: Lives) -> Duration {
        match self {
            Self::AccessToken => lives.access_token,
            Self::Session => lives.session,
            Self::KnownBrowser => lives.known_browser,
            Self::Fixed(length) => length,
            // Rotation ends none of them.
            Self::UntilRevoked => Duration::ZERO,
        }
    }
}

/// Which rings have a key for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// All.
    Needed,
    /// All; rings of the first versions, where the form key served this
    /// purpose, too, get one that is made from it.
    NeededSinceLater,
    /// Those for which the operator made one.
    OnceMade,
}

/// A row of the table of purposes.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The name used on the command line and in the file.
    pub name: &'static str,
    /// What it is for, on the command line.
    pub words: &'static str,
    /// What its keys do.
    pub algorithm: Algorithm,
    /// How long what they signed can be good.
    pub life: Life,
    /// Which rings have one.
    pub presence: Presence,
    /// How long a new key is announced before it signs, so that others who
    /// verify have read its public half by then.
    pub announced: Duration,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 10] = [
        Self::Access,
        Self::Refresh,
        Self::Form,
        Self::Message,
        Self::Browser,
        Self::Throttle,
        Self::Entry,
        Self::Assertion,
        Self::Password,
        Self::Data,
    ];

    /// Its row of the table.
    pub fn about(self) -> About {
        use Life::{AccessToken, Fixed, KnownBrowser, Session, UntilRevoked};
        use Presence::{Needed, NeededSinceLater, OnceMade};
        let (name, words, life, presence) = match self {
            Self::Access => ("access", "Signs access tokens", AccessToken, Needed),
            Self::Refresh => ("refresh", "Authenticates refresh tokens", Session, Needed),
            Self::Form => ("form", "Authenticates forms", Session, Needed),
            Self::Message => (
                "message",
                "Authenticates messages shown after a redirect",
                Fixed(Duration::minutes(2)),
                Needed,
            ),
            Self::Browser => (
                "browser",
                "Cookies and device tokens of known browsers and scripts",
                KnownBrowser,
                NeededSinceLater,
            ),
            Self::Throttle => (
                "throttle",
                "Hides what is counted; with another key, every count starts from zero",
                Fixed(Duration::ZERO),
                NeededSinceLater,
            ),
            Self::Entry => (
                "entry",
                "Cookies of applications that are guarded; when revoked, everybody enters them again",
                Fixed(Duration::hours(25)),
                NeededSinceLater,
            ),
            Self::Assertion => (
                "assertion",
                "Signs what applications are told about their visitors; announced for an hour",
                // What they sign is good for two minutes. Others keep what they read.
                Fixed(Duration::hours(24)),
                NeededSinceLater,
            ),
            Self::Password => (
                "password",
                "Goes into password hashes; the first one is made by rotating",
                UntilRevoked,
                OnceMade,
            ),
            Self::Data => (
                "data",
                "Encrypts what the database keeps; the first one is made by rotating",
                UntilRevoked,
                OnceMade,
            ),
        };
        let algorithm = match self {
            Self::Data => Algorithm::Aes256GcmSiv,
            Self::Assertion => Algorithm::Es256,
            _ => Algorithm::HmacSha256,
        };
        let announced =
            if algorithm.has_public_half() { Duration::hours(1) } else { Duration::ZERO };
        About { name, words, algorithm, life, presence, announced }
    }

    /// Those for which a ring has at least one key.
    pub fn needed() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|purpose| purpose.about().presence != Presence::OnceMade)
    }

    /// Those that rings of the first versions have no keys for: the form key served them, too.
    pub(super) fn later() -> impl Iterator<Item = Self> {
        let later = |purpose: &Self| purpose.about().presence == Presence::NeededSinceLater;
        Self::ALL.into_iter().filter(later)
    }

    /// The name used on the command line and in the file.
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// The purpose of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}
