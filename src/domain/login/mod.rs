//! Signing in: the password, then the session. Web and API share it.

use crate::base::error::{Error, Refusal, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::accounts::names::LoginName;
use crate::domain::audit::RequestSource;
use crate::domain::credentials::Credentials;
use crate::domain::passwords::policy::Password;
use crate::domain::sessions::{Audience, Issued, Replaces};
use crate::domain::throttle::known_browser::Known;

/// Who wants to sign in.
pub struct SignIn<'a> {
    /// The name that was typed.
    pub login: &'a LoginName,
    /// The password that was typed.
    pub password: &'a Password,
    /// What says that this browser was signed in with before.
    pub known: Option<&'a Known>,
}

/// The session that somebody wants.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// For a browser or a script.
    pub client: Audience,
    /// Whether it outlives the browser window.
    pub remember: bool,
    /// The session that it takes the place of.
    pub replaces: Option<Replaces>,
}

impl Credentials<'_> {
    /// Checks the password and starts a session. No sign-in that was under way
    /// survives a change of the account: one that only its epoch has (its roles
    /// changed, or all its sessions ended) is begun again after it, as the
    /// password that was found right is still the account's.
    ///
    /// # Errors
    /// What [`crate::domain::accounts::Passwords::authenticate`] refuses;
    /// [`Refusal::AccountChanged`] when the password or the state changed.
    pub async fn sign_in(
        &self,
        who: SignIn<'_>,
        wanted: Wanted,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Issued> {
        let SignIn { login, password, known } = who;
        let Wanted { client, remember, replaces } = wanted;
        let mut account = self.passwords.authenticate(login, password, known, origin, now).await?;
        for _ in 0..8 {
            let started =
                self.sessions.start(&account, client, remember, replaces, origin, now).await;
            match started {
                Err(Error::Refused(Refusal::AccountChanged)) => {}
                done => return done,
            }
            let txn = self.db().begin().await?;
            account = accounts::hold_unchanged(&txn, &account).await?;
        }
        Err(Refusal::AccountChanged.into())
    }
}
