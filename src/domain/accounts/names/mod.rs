//! Names as people type them and as they are compared. What looks like one
//! name is one name, so that nobody can pass for somebody else.

mod display;
pub mod kept;
mod letters;
mod likeness;

use std::fmt;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

pub use self::display::DisplayName;
use self::letters::{MOST_TYPED, is_letter};
use super::refusals;
use crate::base::error::Refusal;

/// A user name: 3 to 32 of the letters a to z, digits, dot, hyphen and underscore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    typed: String,
    canonical: String,
}

impl Username {
    /// The user name in `text`.
    ///
    /// # Errors
    /// `USERNAME_LENGTH`, `USERNAME_LETTERS`, `USERNAME_ENDS` of `accounts::refusals`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.len() > MOST_TYPED {
            return Err(refusals::USERNAME_LENGTH);
        }
        let typed: String = text.nfkc().collect();
        let canonical = fold(&typed);
        if !canonical.bytes().all(|byte| is_plain(byte) || matches!(byte, b'.' | b'_' | b'-')) {
            return Err(refusals::USERNAME_LETTERS);
        }
        if !(3..=32).contains(&canonical.len()) {
            return Err(refusals::USERNAME_LENGTH);
        }
        if !(is_plain(canonical.as_bytes()[0]) && canonical.bytes().last().is_some_and(is_plain)) {
            return Err(refusals::USERNAME_ENDS);
        }
        Ok(Self { typed, canonical })
    }

    /// The name as its owner writes it, capitals kept.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The name to compare and to look up.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether the name would pass for the service or its staff. The public
    /// registration refuses it; the operator may give it.
    pub fn is_reserved(&self) -> bool {
        let bare: String = self.canonical.chars().filter(char::is_ascii_alphanumeric).collect();
        RESERVED.contains(&bare.as_str())
    }
}

/// Compared without dots, hyphens and underscores.
const RESERVED: [&str; 46] = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administration",
    "administrator",
    "admins",
    "anonymous",
    "api",
    "audit",
    "auditor",
    "auth",
    "billing",
    "contact",
    "daemon",
    "doorward",
    "everyone",
    "guest",
    "help",
    "helpdesk",
    "hostmaster",
    "info",
    "login",
    "logout",
    "mailerdaemon",
    "me",
    "member",
    "moderator",
    "nobody",
    "noreply",
    "null",
    "official",
    "operator",
    "owner",
    "postmaster",
    "register",
    "root",
    "security",
    "service",
    "staff",
    "superuser",
    "support",
    "sysadmin",
    "system",
    "undefined",
    "webmaster",
];

/// An e-mail address, in any script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    typed: String,
    canonical: String,
}

impl EmailAddress {
    /// The most bytes of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
    const MOST_BYTES: usize = 254;

    /// The e-mail address in `text`.
    ///
    /// Both forms must be an address: compatibility characters such as U+FF20
    /// normalize to `@`, commas and spaces.
    ///
    /// # Errors
    /// `NO_EMAIL`, `EMAIL_TOO_LONG` of `accounts::refusals`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.len() > MOST_TYPED {
            return Err(refusals::EMAIL_TOO_LONG);
        }
        let typed: String = text.nfc().collect();
        let folded = fold(&typed);
        if !(is_address(&typed) && is_address(&folded)) {
            return Err(refusals::NO_EMAIL);
        }
        let (local, host) = folded.split_once('@').ok_or(refusals::NO_EMAIL)?;
        let host = likeness::in_a_labels(host).ok_or(refusals::NO_EMAIL)?;
        let canonical = format!("{local}@{host}");
        if typed.len().max(canonical.len()) > Self::MOST_BYTES {
            return Err(refusals::EMAIL_TOO_LONG);
        }
        Ok(Self { typed, canonical })
    }

    /// The address as its owner writes it: mail goes there.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The address to compare and to look up, its host in A-labels.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether some part of it could be taken for another because it mixes
    /// alphabets. The public registration refuses it; staff see it marked.
    pub fn mixes_scripts(&self) -> bool {
        let (local, host) = self.typed.split_once('@').unwrap_or_default();
        likeness::mixes_scripts(local, host)
    }

    /// Whether some part of it has other letters than it seems to have, as "сор"
    /// written in Cyrillic. Many honest words of other alphabets do: it is only
    /// marked for staff.
    pub fn looks_plain(&self) -> bool {
        let (local, host) = self.typed.split_once('@').unwrap_or_default();
        likeness::looks_plain(local, host)
    }
}

/// What somebody typed to log in: a user name or an e-mail address, of an
/// account or of nobody. People type passwords there by mistake: it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginName {
    canonical: String,
    is_email: bool,
}

impl LoginName {
    /// Longer text is cut before it is normalized.
    const MOST_CHARS: usize = 256;

    /// The name in `text`. Text that no account can have still gives a name,
    /// that of nobody: a strange name is answered like any wrong one.
    pub fn parse(text: &str) -> Self {
        let is_email = text.contains('@');
        let known = if is_email {
            EmailAddress::parse(text).map(|email| email.canonical)
        } else {
            Username::parse(text).map(|username| username.canonical)
        };
        Self { canonical: known.unwrap_or_else(|_| nobody(text)), is_email }
    }

    /// The name to look up: at most 254 bytes, without control characters.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether it is to be looked for among the e-mail addresses; else among the user names.
    pub fn is_email(&self) -> bool {
        self.is_email
    }
}

impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(..)")
    }
}

/// A name that no account has: none begins with a bracket. The same text gives
/// the same name, so that guesses at it can be counted.
fn nobody(text: &str) -> String {
    let start: String = text.trim().chars().take(LoginName::MOST_CHARS).collect();
    let mut name: String = std::iter::once('(')
        .chain(fold(&start).chars().map(|c| if c.is_control() { ' ' } else { c }))
        .collect();
    name.truncate(name.floor_char_boundary(EmailAddress::MOST_BYTES));
    name
}

/// The name of a role: a letter, then 1 to 31 letters, digits and hyphens, all lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleName(String);

impl RoleName {
    /// The role name in `text`.
    ///
    /// # Errors
    /// `accounts::refusals::ROLE_NAME`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let fits = (2..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|byte| is_plain(byte) || byte == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(refusals::ROLE_NAME) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Compatibility characters made plain and capitals made small: names that
/// differ only in those are the same name. Normalizing twice changes nothing more.
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Lists what may be in an address, not what may not: new invisible characters
/// come with every version of Unicode.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_fits = (1..=64).contains(&local.len())
        && local.split('.').all(|part| !part.is_empty() && !part.starts_with(is_combining_mark))
        && local.chars().all(|c| is_letter(c) || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.starts_with(is_combining_mark)
            && label.chars().all(|c| is_letter(c) || c == '-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    local_fits
        && domain.split('.').all(label_fits)
        && (domain.contains('.') || domain.eq_ignore_ascii_case("localhost"))
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
