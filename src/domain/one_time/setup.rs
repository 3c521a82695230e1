//! The link that makes the first administrator.

use time::Duration;

use super::table::TokenPurpose;
use super::token::{NewToken, remove_all};
use crate::base::error::Result;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;

/// How long the setup token is good; the server then makes a new one.
pub const SETUP_LIFE: Duration = Duration::hours(1);

/// A fresh setup token; the one before is void. `None` once there is an administrator.
///
/// # Errors
/// The database failed.
pub async fn start_setup(db: &Db, now: Timestamp) -> Result<Option<String>> {
    let txn = db.begin().await?;
    if accounts::count_admins(&txn).await? > 0 {
        return Ok(None);
    }
    remove_all(&txn, TokenPurpose::Setup).await?;
    let token = NewToken::of(TokenPurpose::Setup).issue(&txn, SETUP_LIFE, now).await?;
    txn.commit().await?;
    Ok(Some(token))
}
