//! What somebody sent after their log-in was no longer recent: held while they
//! give the password again, and then shown to them once. In the database, since
//! the next request may reach another server.

use std::collections::BTreeMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use time::Duration;

use super::table::{Column, Entity, TokenPurpose};
use super::token::{self, NewToken};
use crate::base::error::Result;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

/// For how long a form is held.
pub const HELD_FORM_LIFE: Duration = Duration::minutes(15);

/// So many are held of one account. The oldest one makes room.
const MOST: u64 = 10;

/// A form that is held, or the selection that leads to one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldForm {
    /// The path of its page.
    pub path: String,
    /// The query of its page.
    pub query: String,
    /// What was typed, by the names of the fields. Without secrets.
    pub fields: BTreeMap<String, String>,
}

/// Holds a form of that account. Returns the token that finds it.
///
/// # Errors
/// The database failed.
pub async fn hold(
    db: &impl ConnectionTrait,
    account: AccountId,
    form: &HeldForm,
    now: Timestamp,
) -> Result<String> {
    let of_account = || Entity::find().filter(ours()).filter(Column::AccountId.eq(account));
    let kept = of_account().order_by_desc(Column::CreatedAt).offset(MOST - 1).limit(1);
    if let Some(first_too_many) = kept.one(db).await? {
        Entity::delete_many()
            .filter(ours())
            .filter(Column::AccountId.eq(account))
            .filter(Column::CreatedAt.lte(first_too_many.created_at))
            .exec(db)
            .await?;
    }
    let new = NewToken::of(TokenPurpose::HeldForm).of_account(account).with(form)?;
    new.issue(db, HELD_FORM_LIFE, now).await
}

/// The form behind a token, if it is one of that account and of that page.
///
/// # Errors
/// The database failed.
pub async fn held_form(
    db: &impl ConnectionTrait,
    token: &str,
    (account, path): (AccountId, &str),
    now: Timestamp,
) -> Result<Option<HeldForm>> {
    let found = token::find(db, token, TokenPurpose::HeldForm, now).await?;
    let own = found.filter(|found| found.account == Some(account));
    let form: Option<HeldForm> = own.and_then(|found| found.payload());
    Ok(form.filter(|form| form.path == path))
}

/// Removes a form that was shown.
///
/// # Errors
/// The database failed.
pub async fn forget_held_form(db: &impl ConnectionTrait, token: &str) -> Result<()> {
    let shown = Entity::delete_many().filter(ours());
    shown.filter(Column::Hash.eq(secrets::token_hash(token))).exec(db).await?;
    Ok(())
}

fn ours() -> Expr {
    Column::Purpose.eq(TokenPurpose::HeldForm)
}
