//! Epochs: an access token of an older one must be refreshed, which reads the
//! session's row. They only count, and each is above all that were given out
//! before: the account's above the global one, the global one above every
//! account's. No clock has a say, so none that is wrong can move them to where
//! a later one does not bite.

use uuid::Uuid;

use super::handle::Sessions;
use super::revocation::{Kind, Revoked, global_epoch, revoke};
use crate::base::error::Result;
use crate::base::store::{Hold, Txn, shared};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account};

impl Sessions {
    /// Every access token of the account must be refreshed before its next use.
    ///
    /// # Errors
    /// The database failed.
    pub async fn require_refresh(
        &self,
        txn: &Txn,
        account: &Account,
        reason: &str,
        now: Timestamp,
    ) -> Result<Revoked> {
        shared::hold(txn, Hold::AccountEpoch).await?;
        let above = global_epoch(txn).await?;
        let epoch = accounts::raise_epoch(txn, account.id, above).await?;
        revoke(txn, Kind::Account, account.id.0, epoch, reason, (self.token_life(), now)).await
    }

    /// Every access token of everyone must be refreshed before its next use.
    ///
    /// # Errors
    /// The database failed.
    pub async fn require_refresh_of_everyone(
        &self,
        txn: &Txn,
        reason: &str,
        now: Timestamp,
    ) -> Result<Revoked> {
        self.raise_global_epoch(txn, reason, 1, now).await
    }

    /// Moves the global epoch on above every epoch there is.
    pub(super) async fn raise_global_epoch(
        &self,
        txn: &Txn,
        reason: &str,
        by: i64,
        now: Timestamp,
    ) -> Result<Revoked> {
        shared::hold(txn, Hold::GlobalEpoch).await?;
        let present = global_epoch(txn).await?.max(self.index.global_epoch());
        let epoch = accounts::highest_epoch(txn).await?.max(present).saturating_add(by);
        let life = (self.token_life(), now);
        revoke(txn, Kind::Global, Uuid::nil(), epoch, reason, life).await
    }
}
