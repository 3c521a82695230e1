//! `/api/login`: tokens for a password.

use rocket::serde::json::Json;
use rocket::{Route, post, routes};
use serde::Deserialize;

use super::error::ApiError;
use super::json::Body;
use super::tokens::Tokens;
use crate::base::error::Error;
use crate::domain::accounts;
use crate::domain::accounts::names::LoginName;
use crate::domain::login::{self, Begun, SignIn};
use crate::domain::passwords::policy::Password;
use crate::domain::sessions::{Audience, NewSession};
use crate::domain::throttle::known_browser;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![log_in]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    login: String,
    password: String,
    /// Of an earlier log-in. One that is not good changes nothing.
    device_token: Option<String>,
}

#[post("/login", data = "<body>")]
async fn log_in(
    body: Body<Login>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Json<Tokens>, ApiError> {
    let Login { login, password, device_token } = body.0?;
    let password =
        Password::parse(&password).ok_or(Error::from(accounts::refusals::WRONG_CREDENTIALS))?;
    let login = LoginName::parse(&login);
    let keys = &doorward.keys;
    let known = device_token.and_then(|token| known_browser::verify(keys, &token, now.0));
    let who = SignIn { login: &login, password: &password, known: known.as_ref() };
    let verified = match login::begin(doorward.passwords(), who, &caller.0, now.0).await? {
        Begun::Done(verified) => *verified,
        Begun::Need(step) => match step {},
    };
    let new = NewSession { audience: Audience::Api, remember: true, replaces: None };
    let issued = doorward.sessions.sign_in(verified, new, &caller.0, now.0).await?;
    let device_token = known_browser::issue(keys, issued.principal.account.0, now.0);
    Ok(Tokens::of(issued, Some(device_token)))
}
