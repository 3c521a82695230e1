//! The one error type of the ground floor.

use std::fmt;

use sea_orm::{RuntimeErr, sqlx};

/// Why a domain function did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The person asking can correct it; `service::words` says how.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// There is no such thing, or the asker may not know of it.
    #[error("There is no such thing.")]
    NotFound,
    /// The guard admitted the caller, but the action is not permitted after all.
    #[error("{0}")]
    Denied(#[from] Denied),
    /// More password work is waiting than can be done soon; ask again in seconds.
    #[error("The server is busy checking passwords. Please try again in a few seconds.")]
    Busy,
    /// Another server signs with a key that this one does not have.
    #[error(
        "Another server signs with the key {0}, which this one does not have: give all of them the same key file."
    )]
    MissingKey(String),
    /// The database failed. The log says how; the page does not.
    #[error("database: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// Anything else that failed, in a sentence for the operator.
    #[error("{0}")]
    Broken(String),
}

/// A reason that the person at the form can correct. It says which one, and with
/// what; the words are made above the domain, in `service::words`. Each module
/// declares its own in `refusals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    id: &'static str,
    subject: Subject,
    number: Option<i64>,
}

impl Refusal {
    /// The refusal of that name, as in `username-taken`.
    pub const fn new(id: &'static str, subject: Subject) -> Self {
        Self { id, subject, number: None }
    }

    /// The same with the number that its words need.
    pub const fn with(self, number: i64) -> Self {
        Self { number: Some(number), ..self }
    }

    /// Whether it is this one, whatever their numbers.
    pub fn is(self, other: Self) -> bool {
        self.id == other.id
    }

    /// What it is about.
    pub const fn subject(self) -> Subject {
        self.subject
    }

    /// The number that its words need.
    pub const fn number(self) -> Option<i64> {
        self.number
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// What a refusal is about, for the page that shows it with the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A user name.
    Username,
    /// What an account is called on pages.
    DisplayName,
    /// An e-mail address.
    Email,
    /// A password that is to be set.
    NewPassword,
    /// The password that the account has.
    PresentPassword,
    /// The name of a role.
    RoleName,
    /// The token of the setup link.
    SetupToken,
    /// A token that is to be revoked.
    RevokedToken,
    /// The field of that name, and its label.
    Field(&'static str, &'static str),
    /// What was asked for as a whole.
    Whole,
}

/// Why an act does not come about although a guard let the request in: what the
/// guard asked was asked again in the transaction of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(
    not(feature = "test-support"),
    expect(clippy::enum_variant_names, reason = "each says what is missing")
)]
pub enum Denied {
    /// The session has ended, or its account is disabled or deleted.
    #[error("The session has ended.")]
    NotSignedIn,
    /// The password must be given again first.
    #[error("The password must be given again first.")]
    NotRecent,
    /// The account's roles do not permit it.
    #[error("The account may not do this.")]
    NotPermitted,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What domain functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the database could not be asked at all, or could not keep what
    /// it was told, or a key is missing: it may be otherwise in a moment, or at
    /// another server, and nothing is wrong with the request.
    pub fn is_outage(&self) -> bool {
        use sea_orm::DbErr;
        match self {
            Self::MissingKey(_) => true,
            Self::Database(DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => true,
            Self::Database(DbErr::Exec(RuntimeErr::SqlxError(error)))
            | Self::Database(DbErr::Query(RuntimeErr::SqlxError(error))) => is_outage(error),
            _ => false,
        }
    }

    /// Whether the transaction got in the way of another one, and may well
    /// succeed when it is begun again.
    pub fn is_conflict(&self) -> bool {
        use sea_orm::DbErr;
        match self {
            Self::Database(
                DbErr::Exec(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error)),
            ) => match &**error {
                // Serialization failure, deadlock.
                sqlx::Error::Database(error) => {
                    error.code().is_some_and(|code| code == "40001" || code == "40P01")
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// A failure in a sentence for the operator.
    pub fn broken(why: impl Into<String>) -> Self {
        Self::Broken(why.into())
    }
}

fn is_outage(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => true,
        E::Database(error) => error.code().is_some_and(|code| match code.len() {
            5 => POSTGRES.contains(&&code[..2]),
            _ => code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff))),
        }),
        _ => false,
    }
}

/// Classes: connection, transaction rolled back, resources, intervention, system
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const POSTGRES: [&str; 5] = ["08", "40", "53", "57", "58"];

/// Busy, read-only, I/O error, corrupt, full, cannot open, not a database; an
/// extended code has them in its last byte (<https://sqlite.org/rescode.html>).
const SQLITE: [u32; 7] = [5, 8, 10, 11, 13, 14, 26];
