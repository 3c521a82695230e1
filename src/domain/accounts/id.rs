//! What names an account.

use sea_orm::DeriveValueType;
use uuid::Uuid;

/// Names an account permanently; never used for another (RFC 9068, `sub`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct AccountId(pub Uuid);

/// SeaORM asks this of every key; ours are never numbers from the database.
impl sea_orm::TryFromU64 for AccountId {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("AccountId"))
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
