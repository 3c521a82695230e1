//! Values as templates show them.

use serde::Serialize;

use super::client::describe_user_agent;
use crate::accounts::Login;
use crate::timestamp::Timestamp;

/// A moment, for machines and for people.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    iso: String,
    words: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self { iso: at.iso(), words: at.words() }
    }
}

/// A log-in.
#[derive(Clone, Debug, Serialize)]
pub struct LoginView {
    at: Moment,
    address: String,
    browser: String,
}

impl From<Login> for LoginView {
    fn from(login: Login) -> Self {
        let client = describe_user_agent(&login.origin.user_agent);
        Self {
            at: login.at.into(),
            address: login.origin.address,
            browser: format!("{} on {}", client.browser, client.system),
        }
    }
}
