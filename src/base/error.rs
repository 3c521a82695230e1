//! The one error type of the ground floor.

use sea_orm::{RuntimeErr, sqlx};
use time::Duration;

/// Why a domain function did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The person asking can put it right; the page says how.
    #[error("{0}")]
    Refused(#[from] Refusal),
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

/// A reason that the person at the form can correct, in the words they see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody has this user name, or one that reads the same.
    #[error("That user name is taken. Please choose another.")]
    UsernameTaken,
    /// The name is kept for the operators of the service.
    #[error("That user name is reserved. Please choose another.")]
    UsernameReserved,
    /// An account with this address exists.
    #[error("An account with this e-mail address exists already. You can log in with it.")]
    EmailTaken,
    /// One word of the address has letters of two alphabets.
    #[error(
        "This address mixes letters of different alphabets in one word, so it could be taken for another. Please use a different one."
    )]
    EmailMixesScripts,
    /// The new password does not meet the policy; the text says which rule.
    #[error("{0}")]
    UnfitPassword(String),
    /// Name and password do not belong together; never says which of the two is wrong.
    #[error("The user name, the e-mail address or the password is wrong.")]
    WrongCredentials,
    /// The password asked for again does not match.
    #[error("That is not your current password.")]
    WrongPassword,
    /// The new password is the old one.
    #[error("That is your present password. Please choose a new one.")]
    SamePassword,
    /// Told only after the right password.
    #[error("This account is switched off. Please ask the people who run this service.")]
    AccountDisabled,
    /// Password, roles or state of the account changed while the request was under way.
    #[error("Your account was changed a moment ago. Please try again.")]
    AccountChanged,
    /// Nobody else could administer the service afterwards.
    #[error("This is the last administrator. Make somebody else an administrator first.")]
    LastAdmin,
    /// The setup token is wrong, used up or too old.
    #[error(
        "This setup link is not valid any more. The file setup-token in the data folder has the present one."
    )]
    SetupTokenInvalid,
    /// The roles would make the access cookie larger than browsers keep.
    #[error("These are more roles than the access token can carry. Remove some first.")]
    TooManyRoles,
    /// Somebody guesses, or seems to.
    #[error("There were too many attempts. Please wait {} and try again. A browser that you logged in with before is not affected.", in_words(*.0))]
    TooManyAttempts(Duration),
    /// A role of this name exists, or one is built in.
    #[error("There is a role of that name already. Please choose another.")]
    RoleTaken,
    /// What was pasted to be revoked is nothing that could be.
    #[error("That is neither a token of this service nor a jti. Please paste all of it.")]
    UnknownToken,
    /// Support helps members; nobody takes over an administrator from the dashboard.
    #[error(
        "This cannot be done to an administrator from here. The operator can, at the command line."
    )]
    NotAnAdmin,
    /// Staff who recover or disable an account must have all of its permissions.
    #[error("This account may do things that yours may not. Please ask an administrator.")]
    TargetOutranksActor,
    /// With a copy of somebody's cookies nobody gets to the password.
    #[error("This cannot be done to your own account. Please ask somebody else of the staff.")]
    OwnAccount,
    /// Somebody else changed the roles since the form was drawn.
    #[error(
        "Somebody changed these roles while this page was open. They are ticked as they are now: please make your change again."
    )]
    RolesChangedMeanwhile,
    /// What an undo would bring back is not what is there.
    #[error("This cannot be undone any more: it was changed again, or it is too long ago.")]
    TooLateToUndo,
    /// A key that cannot be rotated from here, and why.
    #[error("{0}")]
    Key(String),
}

/// What a refusal is about, for the page that shows it with the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A user name.
    Username,
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
    /// What was asked for as a whole.
    Whole,
}

impl Refusal {
    /// What it is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::UsernameTaken | Self::UsernameReserved => Subject::Username,
            Self::EmailTaken | Self::EmailMixesScripts => Subject::Email,
            Self::UnfitPassword(_) | Self::SamePassword => Subject::NewPassword,
            Self::WrongPassword => Subject::PresentPassword,
            Self::RoleTaken => Subject::RoleName,
            Self::SetupTokenInvalid => Subject::SetupToken,
            Self::UnknownToken => Subject::RevokedToken,
            Self::WrongCredentials
            | Self::AccountDisabled
            | Self::AccountChanged
            | Self::TooManyAttempts(_)
            | Self::LastAdmin
            | Self::TooManyRoles
            | Self::NotAnAdmin
            | Self::TargetOutranksActor
            | Self::OwnAccount
            | Self::RolesChangedMeanwhile
            | Self::TooLateToUndo
            | Self::Key(_) => Subject::Whole,
        }
    }
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

/// A wait in words, rounded up.
fn in_words(wait: Duration) -> String {
    let seconds = (wait.whole_milliseconds().max(1) as u128).div_ceil(1000);
    match (seconds, seconds.div_ceil(60)) {
        (1, _) => "a second".to_owned(),
        (..60, _) => format!("{seconds} seconds"),
        (_, 1) => "a minute".to_owned(),
        (_, minutes @ ..120) => format!("{minutes} minutes"),
        (_, minutes) => format!("{} hours", minutes.div_ceil(60)),
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
