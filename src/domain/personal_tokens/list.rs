//! The tokens of an account, for its owner and for staff.

use ipnet::IpNet;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::format::Digest;
use super::new::Reach;
use super::table::{Column, Entity};
use crate::base::error::Result;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::accounts::permissions::Roles;

/// So many are shown, those that are revoked with them.
const SHOWN: u64 = 200;

/// Whether a token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

impl State {
    /// The word in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A token, without the token.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Names it in addresses.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The last four characters.
    pub hint: String,
    /// Which applications it opens.
    pub reach: Reach,
    /// The roles it was made with.
    pub roles: Roles,
    /// From where it is good; from anywhere if there are none.
    pub networks: Vec<IpNet>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its time is over.
    pub expires_at: Option<Timestamp>,
    /// When it was shown last.
    pub last_used_at: Option<Timestamp>,
    /// From where that was.
    pub last_used_address: String,
    /// Whether it is good.
    pub state: State,
}

/// The token that a text names: it itself, or its id.
///
/// # Errors
/// The database failed.
pub async fn named(db: &impl ConnectionTrait, text: &str) -> Result<Option<Uuid>> {
    let which = match (Digest::of(text.trim()), secrets::decode_id(text.trim())) {
        (Some(digest), _) => Column::Hash.eq(digest.0.to_vec()),
        (None, Some(id)) => Column::Id.eq(id),
        (None, None) => return Ok(None),
    };
    Ok(Entity::find().filter(which).one(db).await?.map(|row| row.id))
}

/// The tokens of an account, the newest first.
///
/// # Errors
/// The database failed.
pub async fn of_account(
    db: &impl ConnectionTrait,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Listed>> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account))
        .order_by_asc(Column::RevokedAt.is_not_null())
        .order_by_desc(Column::CreatedAt)
        .limit(SHOWN)
        .all(db)
        .await?;
    let mut listed = vec![];
    for row in rows {
        let is_expired = row.expires_at.is_some_and(|at| at <= now);
        listed.push(Listed {
            id: row.id,
            reach: row.reach()?,
            roles: row.roles()?,
            networks: row.networks()?,
            name: row.name,
            hint: row.hint,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            last_used_address: row.last_used_address,
            state: match row.revoked_at {
                Some(_) => State::Revoked,
                None if is_expired => State::Expired,
                None => State::Active,
            },
        });
    }
    Ok(listed)
}
