//! An application by its short name, for our own pages about it.

use std::sync::Arc;

use rocket::http::Status;

use crate::domain::applications::Found;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;

/// The application of that short name.
///
/// # Errors
/// 404.
pub fn named(doorward: &Doorward, slug: &str) -> Result<Arc<Found>, Failure> {
    let catalog = doorward.applications.current();
    catalog.by_slug(slug).cloned().ok_or(Failure::Status(Status::NotFound))
}
