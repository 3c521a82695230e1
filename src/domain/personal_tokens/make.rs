//! Making a token. It is shown once; of it the database has the digest and the
//! last four characters.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::new::{NewToken, Reach};
use super::table::{self, written};
use super::{events, format, refusals};
use crate::base::error::{Denied, Error, Result};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::{Permission, Roles};
use crate::domain::accounts::{Account, AccountId, AccountKind, names};
use crate::domain::sessions::{self, Act, Actor, Sessions};

/// An account has at most so many that are not revoked.
const MOST: u64 = 100;

/// A token that was made.
pub struct Made {
    /// Names it in addresses.
    #[cfg_attr(not(feature = "test-support"), expect(dead_code, reason = "for tests"))]
    pub id: Uuid,
    /// The token. This is the only copy.
    pub text: String,
}

/// Somebody signed in makes a token for themselves; none is good for more than
/// `most_days`, 0: no limit. Nothing where the one of that id was made already.
///
/// # Errors
/// [`Error::Denied`]; `ROLE`, `EXPIRY`, `TOO_MANY` of `personal_tokens::refusals`.
pub async fn make_own(
    sessions: &Sessions,
    new: &NewToken,
    most_days: u32,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Option<Made>> {
    // The account is held: of two that were sent at once, the second finds the first's.
    let (act, account) = sessions.begin_own(actor, now).await?;
    let same = table::Entity::find_by_id(new.id).filter(table::Column::AccountId.eq(account.id));
    if same.count(&act.txn).await? > 0 {
        return Ok(None);
    }
    let session = actor.session().ok_or(Denied::NotSignedIn)?;
    let proved = sessions::by_id(&act.txn, session).await?.auth.at;
    // Rights of staff that are newer than the password open nothing yet.
    let roles = account.roles_proved_at(proved);
    insert(act, (&account, &roles), new, most_days).await.map(Some)
}

/// An administrator makes a token for the account of a service, or the operator
/// for any.
///
/// # Errors
/// As [`make_own`]; `NOT_A_SERVICE`; [`Error::NotFound`].
pub async fn make_for(
    sessions: &Sessions,
    id: AccountId,
    (new, most_days): (&NewToken, u32),
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Made> {
    let demanded = Some(Permission::Administer);
    let (act, found) = sessions.begin_act(actor, demanded, &[id], now).await?;
    let account = found.first().ok_or(Error::NotFound)?;
    // Staff who had a token of somebody could be that person anywhere.
    if act.by.is_some() && account.kind != AccountKind::Service {
        return Err(refusals::NOT_A_SERVICE.into());
    }
    insert(act, (account, &account.roles), new, most_days).await
}

async fn insert(
    act: Act<'_>,
    (account, has): (&Account, &Roles),
    new: &NewToken,
    most_days: u32,
) -> Result<Made> {
    let roles = new.roles.as_ref().unwrap_or(has);
    if roles.names().any(|role| !has.has(role)) {
        return Err(refusals::ROLE.into());
    }
    let life = new.expiry.life(most_days)?;
    let present = table::Entity::find()
        .filter(table::Column::AccountId.eq(account.id))
        .filter(table::Column::RevokedAt.is_null());
    if present.count(&act.txn).await? >= MOST {
        return Err(refusals::TOO_MANY.into());
    }
    let (id, text) = (new.id, format::fresh(account.kind));
    let hint = format::hint(&text);
    let networks: Vec<String> = new.networks.iter().map(ToString::to_string).collect();
    let row = table::ActiveModel {
        id: Set(id),
        account_id: Set(account.id),
        hash: Set(secrets::token_hash(&text)),
        hint: Set(hint.to_owned()),
        name: Set(new.name.clone()),
        roles: Set(written(&roles.names().collect::<Vec<_>>())?),
        applications: Set(match &new.reach {
            Reach::These(ids) => Some(written(ids)?),
            Reach::All => None,
        }),
        networks: Set(written(&networks)?),
        created_at: Set(act.now),
        expires_at: Set(life.map(|life| act.now + life)),
        last_used_at: Set(None),
        last_used_address: Set(String::new()),
        revoked_at: Set(None),
    };
    table::Entity::insert(row).exec_without_returning(&act.txn).await?;
    // The token tells it to applications.
    names::kept::keep(&act.txn, account.id, &account.canonical_username).await?;
    let data = json!({ "token": new.name, "hint": hint });
    act.tell(events::MADE, Some(account.id), data).await?;
    act.commit().await?;
    Ok(Made { id, text })
}
