//! Finding the account that an address names.

use rocket::http::Status;

use crate::base::error::Result;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::administration;
use crate::domain::audit::{self, Filter};
use crate::web::answer::failure::Failure;

/// When the account of that id was deleted; `None` if there never was one, and
/// once the audit log no longer knows of it.
pub(super) async fn deleted_at(db: &Db, id: &str) -> Result<Option<Timestamp>> {
    let Ok(id) = uuid::Uuid::try_parse(id) else { return Ok(None) };
    let event = Some(administration::events::ACCOUNT_DELETED);
    let filter = Filter { event, account: Some(id), ..Filter::default() };
    // Whatever the account deleted itself came before.
    let newest = audit::list(db.read(), &filter, i64::MAX, 1).await?;
    Ok(newest.first().filter(|row| row.target == Some(id)).map(|row| row.at))
}

/// An account by the id in an address.
pub(super) async fn by_id(db: &Db, id: &str) -> Result<Account, Failure> {
    let id = uuid::Uuid::try_parse(id).map_err(|_| Failure::Status(Status::NotFound))?;
    Ok(accounts::by_id(db.read(), AccountId(id)).await?)
}
