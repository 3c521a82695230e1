//! Signing in, from what was typed to [`Verified`], the one thing that a
//! session is started for (`sessions::start`). The page and the API share it.

mod methods;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::LoginName;
use crate::domain::accounts::{Account, Passwords};
use crate::domain::audit::RequestSource;
use crate::domain::passwords::policy::Password;
use crate::domain::throttle::known_browser::Known;

pub use self::methods::{AuthLevel, AuthMethods};

/// Who wants to sign in.
pub struct SignIn<'a> {
    /// The name that was typed.
    pub login: &'a LoginName,
    /// The password that was typed.
    pub password: &'a Password,
    /// What says that this browser was signed in with before.
    pub known: Option<&'a Known>,
}

/// Somebody who proved that they are the owner of an account.
#[derive(Clone, Debug)]
#[must_use]
pub struct Verified {
    pub(in crate::domain) account: Account,
    pub(in crate::domain) auth: AuthLevel,
}

impl Verified {
    /// The owner of `account`, whose password was found right. Only for this
    /// module, and for tests that need no password.
    pub fn by_password(account: Account, at: Timestamp) -> Self {
        Self { account, auth: AuthLevel { methods: AuthMethods::PASSWORD, at } }
    }
}

/// The first administrator, whose account was made a moment ago: who has just
/// chosen the password is not asked for it again. Only for setup.
pub(in crate::domain) fn at_setup(account: Account, now: Timestamp) -> Verified {
    Verified::by_password(account, now)
}

/// How far a sign-in came.
#[must_use]
pub enum Begun {
    /// All that this account asks for was proved.
    Done(Box<Verified>),
    /// Something more must be proved first.
    #[cfg_attr(
        not(feature = "test-support"),
        expect(dead_code, reason = "nothing more is asked yet")
    )]
    Need(Step),
}

/// What may be asked for in addition to the password. There is nothing yet.
#[derive(Clone, Copy, Debug)]
pub enum Step {}

/// Checks the name and the password.
///
/// # Errors
/// What [`Passwords::authenticate`] refuses.
pub async fn begin(
    passwords: Passwords<'_>,
    SignIn { login, password, known }: SignIn<'_>,
    source: &RequestSource,
    now: Timestamp,
) -> Result<Begun> {
    let account = passwords.authenticate(login, password, known, source, now).await?;
    Ok(Begun::Done(Box::new(Verified::by_password(account, now))))
}
