//! What accounts refuse. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// No user name is so short or so long.
pub const USERNAME_LENGTH: Refusal = Refusal::new("username-length", Subject::Username);
/// No user name has such characters.
pub const USERNAME_LETTERS: Refusal = Refusal::new("username-letters", Subject::Username);
/// A user name begins and ends with a letter or a digit.
pub const USERNAME_ENDS: Refusal = Refusal::new("username-ends", Subject::Username);
/// No display name is so long.
pub const DISPLAY_NAME_LENGTH: Refusal = Refusal::new("display-name-length", Subject::DisplayName);
/// No display name has such characters.
pub const DISPLAY_NAME_LETTERS: Refusal =
    Refusal::new("display-name-letters", Subject::DisplayName);
/// The text is no e-mail address.
pub const NO_EMAIL: Refusal = Refusal::new("no-email", Subject::Email);
/// The address is longer than any mail server takes.
pub const EMAIL_TOO_LONG: Refusal = Refusal::new("email-too-long", Subject::Email);
/// No role can have that name.
pub const ROLE_NAME: Refusal = Refusal::new("role-name", Subject::RoleName);
/// Somebody has this user name, or one that reads the same.
pub const USERNAME_TAKEN: Refusal = Refusal::new("username-taken", Subject::Username);
/// It was the name of another account, by which an application may know that one.
pub const USERNAME_KEPT: Refusal = Refusal::new("username-kept", Subject::Username);
/// The name is kept for the operators of the service.
pub const USERNAME_RESERVED: Refusal = Refusal::new("username-reserved", Subject::Username);
/// An account with this address exists.
pub const EMAIL_TAKEN: Refusal = Refusal::new("email-taken", Subject::Email);
/// One word of the address has letters of two alphabets.
pub const EMAIL_MIXES_SCRIPTS: Refusal = Refusal::new("email-mixes-scripts", Subject::Email);
/// Name and password do not belong together; never says which of the two is wrong.
pub const WRONG_CREDENTIALS: Refusal = Refusal::new("wrong-credentials", Subject::Whole);
/// The password asked for again does not match.
pub const WRONG_PASSWORD: Refusal = Refusal::new("wrong-password", Subject::PresentPassword);
/// Told only after the right password.
pub const ACCOUNT_DISABLED: Refusal = Refusal::new("account-disabled", Subject::Whole);
/// Password, roles or state of the account changed while the request was under way.
pub const ACCOUNT_CHANGED: Refusal = Refusal::new("account-changed", Subject::Whole);
/// A service does not sign in, and so has neither a password nor roles of staff.
pub const NOT_FOR_SERVICES: Refusal = Refusal::new("not-for-services", Subject::Whole);
/// A role of this name exists, or one is built in.
pub const ROLE_TAKEN: Refusal = Refusal::new("role-taken", Subject::RoleName);
/// The roles would make the access cookie larger than browsers keep.
pub const TOO_MANY_ROLES: Refusal = Refusal::new("too-many-roles", Subject::Whole);
