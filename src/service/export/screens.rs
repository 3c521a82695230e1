//! A long file is read and sent screen by screen.

use std::pin::Pin;

use rocket::futures::Stream;

use crate::base::error::Result;
use crate::domain::accounts::permissions::Permission;
use crate::domain::sessions::Principal;
use crate::service::Doorward;

/// Rows read at a time.
pub(super) const BATCH: u64 = 500;

/// The lines of a file, a screen at a time.
pub type Lines = Pin<Box<dyn Stream<Item = String> + Send>>;

/// A long file outlives its first screen by as long as its reader likes: each
/// screen is checked again before it is sent. The operator always may read.
pub(super) async fn still_may(doorward: &Doorward, reader: Option<&Principal>) -> Result<()> {
    let Some(reader) = reader else { return Ok(()) };
    let demanded = Some(Permission::ReadAudit);
    doorward.sessions.still_may(reader, demanded, doorward.clock.now()).await
}
