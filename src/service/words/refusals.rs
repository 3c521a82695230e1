//! Refusals in words.

use std::borrow::Cow;

use crate::base::error::{Error, Refusal};
use crate::base::keys;
use crate::domain::{
    accounts, administration, applications, credentials, entries, passwords, personal_tokens,
    sessions, throttle,
};

/// Each refusal in words. `{0}` stands for its number, `{wait}` for its number of
/// milliseconds.
const WORDS: &[(Refusal, &str)] = &[
    (accounts::refusals::USERNAME_LENGTH, "Use between 3 and 32 characters."),
    (
        accounts::refusals::USERNAME_LETTERS,
        "Use only the letters a to z, digits, dots, hyphens and underscores.",
    ),
    (accounts::refusals::USERNAME_ENDS, "Begin and end with a letter or a digit."),
    (accounts::refusals::DISPLAY_NAME_LENGTH, "Use at most 64 characters."),
    (
        accounts::refusals::DISPLAY_NAME_LETTERS,
        "Use letters, digits, spaces and the punctuation of names.",
    ),
    (accounts::refusals::NO_EMAIL, "Write an e-mail address, like name@example.org."),
    (accounts::refusals::EMAIL_TOO_LONG, "Use an e-mail address of at most 254 characters."),
    (
        accounts::refusals::ROLE_NAME,
        "Use 2 to 32 lowercase letters, digits and hyphens, beginning with a letter.",
    ),
    (accounts::refusals::USERNAME_TAKEN, "That user name is taken. Please choose another."),
    (
        accounts::refusals::USERNAME_KEPT,
        "Another account with that user name used an application. Its next owner could be taken for that person there, so it is not given out again. Please choose another.",
    ),
    (accounts::refusals::USERNAME_RESERVED, "That user name is reserved. Please choose another."),
    (
        accounts::refusals::EMAIL_TAKEN,
        "An account with this e-mail address already exists. You can sign in with it.",
    ),
    (
        accounts::refusals::EMAIL_MIXES_SCRIPTS,
        "This address mixes letters of different alphabets in one word, so it could be taken for another. Please use a different one.",
    ),
    (
        accounts::refusals::WRONG_CREDENTIALS,
        "The user name, the e-mail address or the password is wrong.",
    ),
    (accounts::refusals::WRONG_PASSWORD, "That is not your current password."),
    (
        accounts::refusals::ACCOUNT_DISABLED,
        "This account is disabled. Please ask an administrator.",
    ),
    (
        accounts::refusals::ACCOUNT_CHANGED,
        "Your account was changed a moment ago. Please try again.",
    ),
    (
        accounts::refusals::NOT_FOR_SERVICES,
        "A service account cannot sign in: it has no password, no recovery links and no roles of staff. Create tokens for it.",
    ),
    (
        accounts::refusals::ROLE_TAKEN,
        "A role with that name already exists. Please choose another.",
    ),
    (
        accounts::refusals::TOO_MANY_ROLES,
        "The access token cannot hold so many roles. Remove some first.",
    ),
    (
        applications::refusals::SLUG,
        "Use 2 to 32 lowercase letters, digits and hyphens, beginning with a letter.",
    ),
    (
        applications::refusals::SLUG_TAKEN,
        "Another application has this short name. Please choose another.",
    ),
    (applications::refusals::NAME, "Use between 1 and 64 characters."),
    (applications::refusals::NO_HOST, "Enter at least one host, like wiki.example.org."),
    (
        applications::refusals::HOST,
        "Write each host like wiki.example.org or *.apps.example.org, without https:// and without a path.",
    ),
    (
        applications::refusals::HOST_TAKEN,
        "Another application has one of these hosts, perhaps with another port. A host belongs to one application.",
    ),
    (
        applications::refusals::HOST_IS_OURS,
        "This is the host of Doorward itself, and browsers would send the application its cookies. Use another host name.",
    ),
    (applications::refusals::TOO_MANY, "An application has at most 100 hosts and 200 rules."),
    (
        applications::refusals::NEEDS,
        "Choose who may open it: public, members, roles or nobody. Name roles only with roles.",
    ),
    (
        applications::refusals::OPEN_TO_ANYONE,
        "Everyone can create an account here, and could then open it. Confirm that, choose roles instead, or close registration.",
    ),
    (applications::refusals::NO_ROLES, "Choose at least one role."),
    (applications::refusals::UNKNOWN_ROLE, "There is no such role. Create it first."),
    (
        applications::refusals::CONFIRM_SECONDS,
        "Enter between 60 seconds and 30 days, or leave it empty.",
    ),
    (applications::refusals::IDENTITY, "Choose headers, assertion, both or none."),
    (applications::refusals::OPEN_URL, "Enter an address on one of the hosts of this application."),
    (
        applications::refusals::UPSTREAM,
        "Enter the address of the application for the proxy, like 127.0.0.1:3000.",
    ),
    (
        applications::refusals::PATH,
        "Write a path like /robots.txt, or /admin* for all that begin so: plain characters, no empty or dot segments.",
    ),
    (
        applications::refusals::PUBLIC_BORDER,
        "A public path ends with /*, so that it opens one folder and nothing else.",
    ),
    (
        applications::refusals::NETWORK,
        "Write each network like 192.168.1.0/24, or a single address.",
    ),
    (
        applications::refusals::SAME_RULE,
        "Another rule is about the same path, methods and networks.",
    ),
    (
        applications::refusals::CHANGED_MEANWHILE,
        "Nothing was changed: the application was changed or removed meanwhile. Look at it again.",
    ),
    (
        entries::refusals::TOO_OFTEN,
        "This browser opens applications too often. Please wait a minute.",
    ),
    (
        credentials::refusals::SAME_PASSWORD,
        "That is your current password. Please choose a new one.",
    ),
    (
        credentials::refusals::SETUP_TOKEN_INVALID,
        "This setup link is no longer valid. The file setup-token in the data folder has the current one.",
    ),
    (
        sessions::refusals::UNKNOWN_TOKEN,
        "That is neither a token of this service nor a jti. Please paste all of it.",
    ),
    (
        administration::refusals::LAST_ADMIN,
        "This is the last administrator. Make someone else an administrator first.",
    ),
    (
        administration::refusals::NOT_AN_ADMIN,
        "This cannot be done to an administrator here. Use the command line.",
    ),
    (
        administration::refusals::TARGET_OUTRANKS_ACTOR,
        "This account has permissions that yours does not have. Please ask an administrator.",
    ),
    (
        administration::refusals::OWN_ACCOUNT,
        "You cannot do this to your own account. Please ask another member of the staff.",
    ),
    (
        administration::refusals::ROLES_CHANGED_MEANWHILE,
        "Someone changed these roles while this page was open. The boxes show the current roles: please make your change again.",
    ),
    (
        administration::refusals::SELECTION_CHANGED,
        "Nothing was changed: other accounts match the list now than when this page was opened. Check them and send the form again.",
    ),
    (
        administration::refusals::ROLE_IS_GONE,
        "Nothing was changed: there is no such role any more. Choose another one.",
    ),
    (
        administration::refusals::TOO_LATE_TO_UNDO,
        "This can no longer be undone: it was changed again, or too much time has passed.",
    ),
    (
        passwords::refusals::PASSWORD_TOO_SHORT,
        "Use at least {0} characters. Several words with spaces between them are good.",
    ),
    (
        passwords::refusals::PASSWORD_COMMON,
        "This password is on lists that attackers try first. Please choose another.",
    ),
    (
        passwords::refusals::PASSWORD_TOO_SIMPLE,
        "This password is easy to guess. Several unrelated words are better.",
    ),
    (
        passwords::refusals::PASSWORD_CONTAINS_CONTEXT,
        "This password is little more than a name or a word of this service. Please choose another.",
    ),
    (
        throttle::refusals::TOO_MANY_ATTEMPTS,
        "Too many attempts. Please wait {wait} and try again. A browser that you signed in with before is not affected.",
    ),
    (personal_tokens::refusals::NAME, "Use 1 to 64 letters, digits, spaces and punctuation."),
    (personal_tokens::refusals::NO_APPLICATION, "Choose at least one application."),
    (personal_tokens::refusals::ROLE, "The account does not have one of these roles."),
    (
        personal_tokens::refusals::NETWORK,
        "Write networks like 192.168.1.0/24 or single addresses, one a line.",
    ),
    (
        personal_tokens::refusals::EXPIRY,
        "Choose how long the token is good: at most {0} days are permitted.",
    ),
    (
        personal_tokens::refusals::TOO_MANY,
        "This account has as many tokens as it can have. Revoke some that are not used.",
    ),
    (
        personal_tokens::refusals::NOT_A_SERVICE,
        "Only its owner can create a token for the account of a person.",
    ),
    (
        keys::refusals::KEYS_IN_VARIABLE,
        "The keys come from the variable DOORWARD_KEYS: change them where it is set.",
    ),
];

/// What to correct, for the person who was refused.
pub fn refusal(refusal: Refusal) -> String {
    let words = WORDS.iter().find(|(known, _)| known.is(refusal));
    let words = words.map_or("That cannot be done.", |(_, words)| words);
    let Some(number) = refusal.number() else { return words.to_owned() };
    words.replace("{0}", &number.to_string()).replace("{wait}", &duration(number))
}

/// For the field that a form shows it with.
impl From<Refusal> for Cow<'static, str> {
    fn from(why: Refusal) -> Self {
        refusal(why).into()
    }
}

/// What went wrong, for the person who asked.
pub fn error(error: &Error) -> String {
    match error {
        Error::Refused(reason) => refusal(*reason),
        other => other.to_string(),
    }
}

/// A wait in words, rounded up.
fn duration(millis: i64) -> String {
    let seconds = millis.max(1).unsigned_abs().div_ceil(1000);
    match (seconds, seconds.div_ceil(60)) {
        (1, _) => "a second".to_owned(),
        (..60, _) => format!("{seconds} seconds"),
        (_, 1) => "a minute".to_owned(),
        (_, minutes @ ..120) => format!("{minutes} minutes"),
        (_, minutes) => format!("{} hours", minutes.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use shared::source::declared;

    use super::*;

    #[test]
    fn every_refusal_that_is_declared_has_words_and_an_id_of_its_own() {
        let mut ids: Vec<String> = WORDS.iter().map(|(refusal, _)| refusal.to_string()).collect();
        ids.sort();
        assert_eq!(declared("Refusal::new("), ids);
        ids.dedup();
        assert_eq!(ids.len(), WORDS.len());
    }

    #[test]
    fn numbers_are_put_into_the_words() {
        let short = refusal(passwords::refusals::PASSWORD_TOO_SHORT.with(12));
        assert!(short.starts_with("Use at least 12 characters."), "{short}");
        for (millis, wait) in [
            (0, "wait a second "),
            (1001, "wait 2 seconds "),
            (60_000, "wait a minute "),
            (3_600_000, "wait 60 minutes "),
            (7_200_001, "wait 3 hours "),
        ] {
            let words = refusal(throttle::refusals::TOO_MANY_ATTEMPTS.with(millis));
            assert!(words.contains(wait), "{words}");
        }
    }
}
