//! Why a request to an application was not let through, in words: what
//! happened, and one sentence on what to do.

use super::ends::words as end;
use super::verdicts::{fault as token, reason as refused};
use crate::domain::applications::decide::Reason;
use crate::domain::applications::question::Unread;
use crate::domain::applications::sightings::{Cause, Problem, Refused, TokenFault};

/// What happened.
pub fn cause(cause: Cause) -> String {
    let words = match cause {
        Cause::UntrustedProxy => "The proxy that asked is not trusted.",
        Cause::Unread(why) => return why.to_string(),
        Cause::UnknownHost => "No application has this host.",
        Cause::UnknownApplication => "There is no application of this short name.",
        Cause::WrongApplication => "The host belongs to another application.",
        Cause::Refused(reason) => refused(reason),
        Cause::NoCookie => "No cookie of this application came along.",
        Cause::ForeignCookie => "The cookie was made for another host or by another server.",
        Cause::OtherApplication => "The cookie belongs to another application.",
        Cause::EntryOver => "The sign-in to this application has ended, or is a day old.",
        Cause::SessionOver(None) => "The session is over.",
        Cause::SessionOver(Some(reason)) => {
            return format!("The session is over: {}.", end(reason));
        }
        Cause::EntryOld => "The sign-in to this application is more than 12 hours old.",
        Cause::PasswordTooOld => "The password was given too long ago.",
        Cause::Token(fault) => token(fault),
        Cause::RefusedByProxy => "Doorward accepted this request, and the proxy refused it.",
        Cause::Loop => "The browser was sent around several times without getting in.",
    };
    words.to_owned()
}

/// What to do about it, in one sentence.
pub fn advice(cause: Cause) -> &'static str {
    match cause {
        Cause::UntrustedProxy => "If it is yours, add its address to trusted_proxies.",
        Cause::Unread(Unread::Header(_)) => {
            "Compare the proxy's configuration with the one that Doorward prints for this application."
        }
        Cause::Unread(Unread::Value(_)) => {
            "If the visitor did not send something odd, the proxy has to pass on the request unchanged."
        }
        Cause::Unread(Unread::NotHttps) => {
            "Let the proxy redirect to https before it asks, and send the scheme that the browser used."
        }
        Cause::UnknownHost => {
            "If it is a name of the application, add it to the hosts, with the port that browsers use."
        }
        Cause::UnknownApplication => {
            "Correct the short name in the proxy's configuration, or print the configuration again."
        }
        Cause::WrongApplication => {
            "Give each application a server of its own in the proxy, with the configuration printed for it."
        }
        Cause::Refused(Reason::Disabled) => "Enable the application to open it again.",
        Cause::Refused(Reason::ForNobody) => "Change the rule if somebody should open this.",
        Cause::Refused(Reason::RolesLacking) => {
            "Give the account one of the roles, or change the rule; Explain a request shows which."
        }
        Cause::Refused(Reason::NotForScripts) => {
            "Use a browser, or remove the time limit of the password from the rule."
        }
        Cause::Refused(Reason::Path(_)) => {
            "Nothing, if the visitor made it up; else the rules cannot cover such an address."
        }
        Cause::NoCookie => {
            "Nothing, if the person was about to sign in; make public what browsers fetch without cookies."
        }
        Cause::ForeignCookie => {
            "Nothing, if the person could sign in again; else all servers need the same keys."
        }
        Cause::OtherApplication => {
            "Nothing, if the host was moved between applications; the next page asks again."
        }
        Cause::EntryOver | Cause::EntryOld => {
            "Nothing: the next page renews it without a question while the session lasts."
        }
        Cause::SessionOver(_) => "The person has to sign in again.",
        Cause::PasswordTooOld => "The person has to give the password again, as the rule says.",
        Cause::Token(TokenFault::Malformed | TokenFault::Several | TokenFault::Unknown) => {
            "Copy the whole token into the script, or create another."
        }
        Cause::Token(TokenFault::Revoked | TokenFault::Expired) => {
            "Create another token for the script, or stop it."
        }
        Cause::Token(TokenFault::Disabled) => "Enable the account to accept its tokens again.",
        Cause::Token(TokenFault::OtherApplication) => {
            "Create a token for this application: what a token opens is fixed."
        }
        Cause::Token(TokenFault::OtherNetwork) => {
            "Create a token for that network, if the script should run there."
        }
        Cause::Token(TokenFault::NotAPassword) => {
            "Create a token for this application alone, or send it as a Bearer token."
        }
        Cause::RefusedByProxy => {
            "Look for deny, limit_except or the like in the proxy's configuration."
        }
        Cause::Loop => {
            "Let the person open /.doorward/explain on this host: it shows which cookies arrive."
        }
    }
}

/// What is wrong with what a proxy asks, in a few words.
pub fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::UntrustedProxy => "Proxy not trusted",
        Problem::NotHttps => "Asked about http",
        Problem::UnknownHost => "Unknown host",
        Problem::UnknownApplication => "Unknown application",
        Problem::WrongApplication => "Host of another application",
        Problem::Loop => "Browser could not enter",
    }
}

/// What else led to this refusal, in sentences.
pub fn circumstances(refused: &Refused) -> Vec<&'static str> {
    let mut found = vec![];
    if refused.is_script {
        found.push("A script asked, so there was no redirect.");
    }
    if refused.has_several_rules {
        found.push("Several rules apply, and the request has to pass all of them.");
    }
    if matches!(&*refused.destination, "manifest") && refused.cause == Cause::NoCookie {
        found.push("Browsers fetch manifests without cookies: a rule can make it public.");
    }
    found
}
