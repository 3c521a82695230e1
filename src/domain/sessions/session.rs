//! The words that everything about sessions uses.

use sea_orm::entity::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, DeriveValueType, EnumIter};
use time::Duration;
use uuid::Uuid;

use crate::base::error::Result;
use crate::base::secrets;
use crate::domain::accounts::AccountId;
use crate::domain::accounts::permissions::Roles;
use crate::domain::login::AuthLevel;

/// Names a session: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct SessionId(pub Uuid);

impl SessionId {
    /// The id behind its 22 characters.
    pub fn parse(text: &str) -> Option<Self> {
        secrets::decode_id(text).map(Self)
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&secrets::encode_id(self.0))
    }
}

/// SeaORM asks this of every key; ours are never numbers from the database.
impl sea_orm::TryFromU64 for SessionId {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("SessionId"))
    }
}

/// Who holds the tokens. Those of one kind are no good to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Audience {
    /// A browser, in cookies.
    Web,
    /// A script, in the `Authorization` header.
    Api,
}

/// Why a session ended. The person is told (see `web::login`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum EndReason {
    /// Not used for too long.
    Idle,
    /// Reached its longest life.
    Absolute,
    /// The person logged out.
    LoggedOut,
    /// The person logged in again in the same browser.
    Replaced,
    /// The person ended it from another browser.
    EndedElsewhere,
    /// More places than one account may be signed in at.
    Evicted,
    /// Staff ended it.
    #[sea_orm(string_value = "by_admin")]
    ByStaff,
    /// The account was disabled.
    Disabled,
    /// The password was changed or reset elsewhere.
    PasswordChanged,
    /// A refresh token was used again after its successor.
    Reuse,
    /// The key behind its tokens was revoked.
    KeyRevoked,
    /// An older copy of the database was brought back.
    Restored,
    /// The person gave the password again, changed it, or signed out everywhere
    /// else: it goes on under a new name.
    Renewed,
}

impl EndReason {
    /// The word in logs and exports.
    pub fn name(self) -> String {
        sea_orm::ActiveEnum::to_value(&self)
    }

    /// The reason of that name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        sea_orm::ActiveEnum::try_from_value(&name.to_owned()).ok()
    }
}

/// Who a request comes from, as its access token states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The roles at the token's issue.
    pub roles: Roles,
    /// What was proved last, and when.
    pub auth: AuthLevel,
}

/// How long things last.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Unused for this long, a session ends.
    pub idle: Duration,
    /// A session's longest life.
    pub absolute: Duration,
    /// The same two for "remember me".
    pub remember_idle: Duration,
    /// The longest life of a remembered session.
    pub remember_absolute: Duration,
    /// Unused for this long, a session opens no staff pages any more until the
    /// password is given again.
    pub staff_idle: Duration,
    /// Nor does it this long after the password was given.
    pub staff_absolute: Duration,
    /// How long after the password was given acts are allowed that ask for it.
    pub recent_login: Duration,
    /// Places one account may be signed in at; one more ends the least recently used.
    pub most_per_account: u64,
}

impl Policy {
    /// Idle and absolute limit.
    pub(super) fn limits(&self, remember: bool) -> (Duration, Duration) {
        if remember {
            (self.remember_idle, self.remember_absolute)
        } else {
            (self.idle, self.absolute)
        }
    }
}
