//! Why a request to an application was not let through: one list, for the
//! answers of the check, the recent refusals and the doctor.

use super::super::decide::Reason;
use super::super::question::Unread;
use super::problem::Problem;
use super::token_fault::TokenFault;
use crate::domain::sessions::EndReason;

/// Why a request was not let through. Its words are in `service::words::causes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The sender is none of the proxies that are trusted.
    UntrustedProxy,
    /// The question cannot be read, for this reason.
    Unread(Unread),
    /// No application has the host.
    UnknownHost,
    /// The proxy asks for an application that there is not.
    UnknownApplication,
    /// The host belongs to another application than the proxy asks for.
    WrongApplication,
    /// The rules refuse it, for this reason.
    Refused(Reason),
    /// No cookie of an entry came along.
    NoCookie,
    /// The cookie was made for another host, or not here.
    ForeignCookie,
    /// The cookie is of an entry to another application.
    OtherApplication,
    /// The entry has ended, or is a day old.
    EntryOver,
    /// The session is over, for this reason where one is known.
    SessionOver(Option<EndReason>),
    /// The entry is so old that a page is to be entered again, without a question.
    EntryOld,
    /// The password was given too long ago for the rule.
    PasswordTooOld,
    /// It came with a token, which is refused for this reason.
    Token(TokenFault),
    /// Doorward let it through, and the proxy did not.
    RefusedByProxy,
    /// The browser was led around several times and never entered.
    Loop,
}

impl Cause {
    /// What the operator has to correct, where it is not the visitor who was refused.
    pub fn problem(self) -> Option<Problem> {
        Some(match self {
            Self::UntrustedProxy => Problem::UntrustedProxy,
            Self::Unread(Unread::NotHttps) => Problem::NotHttps,
            Self::UnknownHost => Problem::UnknownHost,
            Self::UnknownApplication => Problem::UnknownApplication,
            Self::WrongApplication => Problem::WrongApplication,
            Self::Loop => Problem::Loop,
            _ => return None,
        })
    }
}
