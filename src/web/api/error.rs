//! How a route of the API fails.

use rocket::Request;
use rocket::http::{Header, Status};
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;

use crate::base::error::Error;
use crate::domain::{accounts, throttle};
use crate::service::words;
use crate::web::answer::failure;

/// A failure as JSON: a word for programs, a sentence for people.
pub(super) struct ApiError {
    status: Status,
    code: &'static str,
    message: String,
    /// In seconds, where waiting helps.
    retry_after: i64,
}

impl ApiError {
    pub(super) fn new(status: Status, code: &'static str, message: impl Into<String>) -> Self {
        // A 503 passes in a moment.
        Self { status, code, message: message.into(), retry_after: 2 }
    }

    pub(super) fn invalid_token() -> Self {
        Self::new(
            Status::Unauthorized,
            "invalid_token",
            "The token is invalid or has expired. Refresh it or sign in.",
        )
    }

    pub(super) fn of_status(status: Status) -> Self {
        let message = match status.code {
            408 => "The body did not arrive in time.",
            413 => "The body has more than 16 KiB.",
            415 => "The body must be JSON: Content-Type: application/json.",
            503 => "The server is busy or cannot reach its database. Try again in a moment.",
            _ => "The body is not the JSON object this address accepts.",
        };
        Self::new(status, failure::code_of(status), message)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                let message = words::refusal(refusal);
                if let Some(wait) = throttle::refusals::wait_of(refusal) {
                    let new = Self::new(Status::TooManyRequests, "too_many_attempts", message);
                    return Self { retry_after: wait.whole_seconds() + 1, ..new };
                }
                if refusal == accounts::refusals::ACCOUNT_DISABLED {
                    return Self::new(Status::Forbidden, "account_disabled", message);
                }
                Self::new(Status::Unauthorized, "invalid_credentials", message)
            }
            Error::NotFound | Error::Denied(_) => Self::invalid_token(),
            Error::Busy => Self::of_status(Status::ServiceUnavailable),
            Error::Database(_) | Error::MissingKey(_) | Error::Broken(_) => {
                tracing::error!(%error, "error.unexpected");
                if error.is_outage() {
                    return Self::of_status(Status::ServiceUnavailable);
                }
                Self::new(
                    Status::InternalServerError,
                    "server_error",
                    "Something went wrong. The error was logged.",
                )
            }
        }
    }
}

impl<'r> Responder<'r, 'static> for ApiError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let body = serde_json::json!({ "error": self.code, "message": self.message });
        let mut answer = Response::build_from(Json(body).respond_to(request)?);
        answer.status(self.status);
        if self.status == Status::Unauthorized {
            let challenge = format!(r#"Bearer error="{}""#, self.code);
            answer.header(Header::new("WWW-Authenticate", challenge));
        }
        if [Status::ServiceUnavailable, Status::TooManyRequests].contains(&self.status) {
            answer.header(Header::new("Retry-After", self.retry_after.to_string()));
        }
        answer.ok()
    }
}
