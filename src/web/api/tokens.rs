//! The answer that carries tokens.

use rocket::serde::json::Json;
use serde::Serialize;

use crate::domain::sessions::Issued;

/// A token pair (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
    /// After a log-in: gives this script attempts of its own the next time.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

impl Tokens {
    pub(super) fn of(issued: Issued, device_token: Option<String>) -> Json<Self> {
        let (access_token, life) = issued.access_token;
        Json(Self {
            access_token,
            token_type: "Bearer",
            expires_in: life.whole_seconds(),
            refresh_token: issued.refresh_token,
            device_token,
        })
    }
}
