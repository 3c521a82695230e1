//! What somebody sent after their log-in was no longer recent: held while they
//! give the password again, and then shown to them once. In the database, since
//! the next request may reach another server.

use std::collections::BTreeMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use super::table::{Column, Entity, TokenPurpose};
use super::token::{self, NewToken};
use crate::base::error::Result;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::sessions::SessionId;

/// For how long a form is held.
pub const HELD_FORM_LIFE: Duration = Duration::minutes(15);

/// So many are held of one session. The oldest one makes room, and none of
/// another session does.
const MOST: usize = 10;

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

/// As the database has it.
#[derive(Serialize, Deserialize)]
struct Stored {
    session: Uuid,
    #[serde(flatten)]
    form: HeldForm,
}

/// Holds a form that was sent in that session of the account. Returns the token
/// that finds it.
///
/// # Errors
/// The database failed.
pub async fn hold(
    db: &impl ConnectionTrait,
    (account, session): (AccountId, SessionId),
    form: HeldForm,
    now: Timestamp,
) -> Result<String> {
    let of_account = Entity::find().filter(ours()).filter(Column::AccountId.eq(account));
    let mut rows = of_account.order_by_desc(Column::CreatedAt).all(db).await?;
    rows.retain(|row| {
        let stored = row.payload.as_deref().map(serde_json::from_str::<Stored>);
        stored.is_some_and(|stored| stored.is_ok_and(|stored| stored.session == session.0))
    });
    if rows.len() >= MOST {
        let too_many = rows.into_iter().skip(MOST - 1).map(|row| row.hash);
        let too_many = Entity::delete_many().filter(Column::Hash.is_in(too_many));
        too_many.exec(db).await?;
    }
    let stored = Stored { session: session.0, form };
    let new = NewToken::of(TokenPurpose::HeldForm).of_account(account).with(&stored)?;
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
    let stored: Option<Stored> = own.and_then(|found| found.payload());
    Ok(stored.map(|stored| stored.form).filter(|form| form.path == path))
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
