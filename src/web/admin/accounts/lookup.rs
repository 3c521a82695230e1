//! Finding the account that an address names.

use rocket::http::Status;

use crate::base::error::Result;
use crate::base::store::Db;
use crate::domain::accounts::{self, Account, AccountId};
use crate::web::answer::failure::Failure;

/// An account by the id in an address.
pub(super) async fn by_id(db: &Db, id: &str) -> Result<Account, Failure> {
    let id = uuid::Uuid::try_parse(id).map_err(|_| Failure::Status(Status::NotFound))?;
    Ok(accounts::by_id(db.read(), AccountId(id)).await?)
}
