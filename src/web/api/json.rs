//! The body of a request to the API.

use rocket::data::{self, FromData};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::{Data, Request};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::web::form::body;

/// A JSON body of exactly this form, or what to answer instead.
pub(super) struct Body<T>(pub(super) Result<T, ApiError>);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned + Send> FromData<'r> for Body<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        let read = body::read(data).await;
        let is_json = request.content_type().is_some_and(|kind| kind.is_json());
        let parsed = match read {
            Err(status) => Err(ApiError::of_status(status)),
            Ok(_) if !is_json => Err(ApiError::of_status(Status::UnsupportedMediaType)),
            // To serde a list of the fields' values is as good as their object.
            Ok(bytes) if !bytes.trim_ascii_start().starts_with(b"{") => {
                Err(ApiError::of_status(Status::BadRequest))
            }
            // The parser's own message could quote a password.
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|_| ApiError::of_status(Status::BadRequest))
            }
        };
        Outcome::Success(Self(parsed))
    }
}
