//! What nobody may do to an account, whatever they are permitted: leave the
//! service without an administrator, or act on somebody who may do more.

use sea_orm::ConnectionTrait;

use super::refusals;
use crate::base::error::Result;
use crate::domain::accounts::permissions::ADMIN;
use crate::domain::accounts::{self, Account};
use crate::domain::sessions::Act;

/// Whether the account is the only administrator left.
///
/// # Errors
/// The database failed.
pub async fn is_last_admin(db: &impl ConnectionTrait, account: &Account) -> Result<bool> {
    Ok(administers(account) && accounts::count_admins(db).await? <= 1)
}

fn administers(account: &Account) -> bool {
    account.roles.has(ADMIN) && account.disabled_at.is_none()
}

/// Refuses, after the change and before its commit, to be left without an administrator.
pub(super) async fn keep_an_admin(db: &impl ConnectionTrait, before: &[Account]) -> Result<()> {
    if before.iter().any(administers) && accounts::count_admins(db).await? == 0 {
        return Err(refusals::LAST_ADMIN.into());
    }
    Ok(())
}

/// Support helps members; nobody reaches out for what they may not do themselves.
pub(super) fn ensure_outranks(act: &Act<'_>, affected: &[Account]) -> Result<()> {
    let Some(by) = &act.by else { return Ok(()) };
    if affected.iter().all(|account| by.roles.cover(&account.roles)) {
        return Ok(());
    }
    Err(refusals::TARGET_OUTRANKS_ACTOR.into())
}
