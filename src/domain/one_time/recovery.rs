//! The links that set a password without the old one.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use time::Duration;

use super::events;
use super::table::{Column, Entity, TokenPurpose};
use super::token::{NewToken, find, void};
use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Permission;
use crate::domain::accounts::{self, Account, AccountId, AccountKind};
use crate::domain::sessions::Act;

/// A fresh recovery token for `account`, within the act that makes it. Older ones are void.
///
/// # Errors
/// The database failed.
pub async fn start_recovery(act: &Act<'_>, account: AccountId, life: Duration) -> Result<String> {
    let (txn, now) = (&act.txn, act.now);
    void(txn, account, &[TokenPurpose::Recovery], now).await?;
    let maker = act.by.as_ref().map(|by| by.id);
    let new = NewToken::of(TokenPurpose::Recovery).of_account(account).made_by(maker);
    let token = new.issue(txn, life, now).await?;
    act.tell(events::RECOVERY_STARTED, Some(account), ()).await?;
    Ok(token)
}

/// The form that a link was made with.
#[derive(Serialize)]
struct MadeWith<'a> {
    form: &'a str,
}

/// Somebody may press a button twice, and sees the answer to the second time.
const TWICE: Duration = Duration::seconds(3);

/// Records with which form a recovery token was made.
///
/// # Errors
/// The database failed.
pub async fn note_form(db: &impl ConnectionTrait, token: &str, form: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Payload, Expr::value(payload(form)?))
        .filter(Column::Hash.eq(secrets::token_hash(token)))
        .exec(db)
        .await?;
    Ok(())
}

/// The account that a recovery token was made for with that form, some seconds
/// ago or more, and whether or not it is still good.
///
/// # Errors
/// The database failed.
pub async fn made_with(
    db: &impl ConnectionTrait,
    form: &str,
    now: Timestamp,
) -> Result<Option<AccountId>> {
    let made = Entity::find()
        .filter(Column::Purpose.eq(TokenPurpose::Recovery))
        .filter(Column::Payload.eq(payload(form)?))
        .filter(Column::CreatedAt.lte(now - TWICE));
    Ok(made.one(db).await?.and_then(|row| row.account_id))
}

fn payload(form: &str) -> Result<String> {
    serde_json::to_string(&MadeWith { form })
        .map_err(|why| Error::broken(format!("A form cannot be recorded: {why}.")))
}

/// The account that a recovery token is good for.
///
/// # Errors
/// [`Error::NotFound`] for a token that is wrong, used up or too old, and for
/// one whose maker could not make it any more: it is disabled or deleted,
/// or its roles do not cover those of the account. Also for that of a service.
pub async fn recovering(db: &impl ConnectionTrait, token: &str, now: Timestamp) -> Result<Account> {
    let good = find(db, token, TokenPurpose::Recovery, now).await?.ok_or(Error::NotFound)?;
    let account = accounts::by_id(db, good.account.ok_or(Error::NotFound)?).await?;
    if account.kind == AccountKind::Service {
        return Err(Error::NotFound);
    }
    let Some(maker) = good.made_by else { return Ok(account) };
    let maker = accounts::by_id(db, maker).await?;
    let could = maker.disabled_at.is_none()
        && maker.roles.may(Permission::ManageAccounts)
        && maker.roles.cover(&account.roles);
    if could { Ok(account) } else { Err(Error::NotFound) }
}
