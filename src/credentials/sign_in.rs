//! Signing in: the password, then the session. Web and API share it.

use super::Credentials;
use crate::accounts::names::LoginName;
use crate::accounts::password::Password;
use crate::audit::Origin;
use crate::error::{Error, Refusal, Result};
use crate::sessions::{Client, Issued, SessionId};
use crate::throttle::known_browser::Known;
use crate::timestamp::Timestamp;

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
    pub client: Client,
    /// Whether it outlives the browser window.
    pub remember: bool,
    /// The session that it takes the place of.
    pub replaces: Option<SessionId>,
}

impl Credentials<'_> {
    /// Checks the password and starts a session. An account that changed
    /// between the two is asked for the password once more: no sign-in that was
    /// under way survives a change of password, roles or state.
    ///
    /// # Errors
    /// What [`crate::accounts::Passwords::authenticate`] refuses;
    /// [`Refusal::AccountChanged`] when it changed again.
    pub async fn sign_in(
        &self,
        who: SignIn<'_>,
        wanted: Wanted,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Issued> {
        let SignIn { login, password, known } = who;
        let Wanted { client, remember, replaces } = wanted;
        let mut tried = false;
        loop {
            let account = self.passwords.authenticate(login, password, known, origin, now).await?;
            let started =
                self.sessions.start(&account, client, remember, replaces, origin, now).await;
            match started {
                Err(Error::Refused(Refusal::AccountChanged)) if !tried => tried = true,
                done => return done,
            }
        }
    }
}
