//! Why a request to an application is allowed or not, in words.

use crate::domain::applications::decide::{Reason, Verdict};
use crate::domain::applications::readings::Unreadable;
use crate::domain::applications::sightings::TokenFault;

/// A verdict in a sentence.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "Allowed.",
        Verdict::SignInFirst => "Somebody must sign in first.",
        Verdict::ConfirmFirst => "The password must be given again first.",
        Verdict::Refused(reason) => self::reason(reason),
    }
}

/// Why a request is refused, in a sentence for the person who sent it.
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Disabled => "This application is disabled.",
        Reason::ForNobody => "Nobody can open this.",
        Reason::RolesLacking => "Your account does not have a role that opens this.",
        Reason::NotForScripts => {
            "This asks for the password from time to time, which a token cannot give."
        }
        Reason::Path(Unreadable::NotText) => "The address has characters that no page has.",
        Reason::Path(Unreadable::Ambiguous) => "The address can be read in too many ways.",
    }
}

/// Why a token is refused, in a sentence for the person who sent it.
pub fn fault(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::Malformed => {
            "This is no token of this service: it was mistyped, cut, or sent in a wrong place."
        }
        TokenFault::Several => "Several tokens were sent. Send one.",
        TokenFault::Unknown => "No account has this token.",
        TokenFault::Revoked => "This token was revoked.",
        TokenFault::Expired => "This token has expired.",
        TokenFault::Disabled => "The account of this token is disabled.",
        TokenFault::OtherApplication => "This token is for other applications.",
        TokenFault::OtherNetwork => "This token is not accepted from this address.",
        TokenFault::NotAPassword => {
            "Only a token for a single application can be sent as a password. Send it as a Bearer token."
        }
    }
}
