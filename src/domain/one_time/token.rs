//! One-time tokens of any purpose: made, found, used up, made void.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::Duration;

use super::table::{self, TokenPurpose};
use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    purpose: TokenPurpose,
    account: Option<AccountId>,
    made_by: Option<AccountId>,
    payload: Option<String>,
}

impl NewToken {
    /// A token of nobody.
    pub fn of(purpose: TokenPurpose) -> Self {
        Self { purpose, account: None, made_by: None, payload: None }
    }

    /// The same for an account, with which it goes.
    pub fn of_account(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// The same, made by somebody else; `None` for the operator.
    pub fn made_by(self, maker: Option<AccountId>) -> Self {
        Self { made_by: maker, ..self }
    }

    /// The same with what the person who brings it back needs: kept as JSON,
    /// readable in the database, and so without secrets.
    ///
    /// # Errors
    /// It is not plain data.
    pub fn with(self, payload: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_string(payload).map_err(|why| {
            Error::broken(format!("A one-time token cannot keep its data: {why}."))
        })?;
        Ok(Self { payload: Some(text), ..self })
    }

    /// Makes it, good for `life`. The database has its hash; this is the only copy.
    ///
    /// # Errors
    /// The database failed.
    pub async fn issue(
        self,
        db: &impl ConnectionTrait,
        life: Duration,
        now: Timestamp,
    ) -> Result<String> {
        let token = secrets::random_token();
        let row = table::ActiveModel {
            hash: Set(secrets::token_hash(&token)),
            purpose: Set(self.purpose),
            account_id: Set(self.account),
            created_at: Set(now),
            expires_at: Set(now + life),
            used_at: Set(None),
            made_by: Set(self.made_by),
            payload: Set(self.payload),
        };
        table::Entity::insert(row).exec_without_returning(db).await?;
        Ok(token)
    }
}

/// A token that is good: neither used up nor too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodToken {
    /// Whose it is, if anybody's.
    pub account: Option<AccountId>,
    /// Who made it; `None` for the operator and for the person it is of.
    pub made_by: Option<AccountId>,
    payload: Option<String>,
}

impl GoodToken {
    /// What was kept with it; `None` where that was nothing, or something else.
    pub fn payload<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.payload.as_deref()?).ok()
    }
}

fn good(token: &str, purpose: TokenPurpose, now: Timestamp) -> Expr {
    use table::Column;
    Column::Hash
        .eq(secrets::token_hash(token))
        .and(Column::Purpose.eq(purpose))
        .and(Column::UsedAt.is_null())
        .and(Column::ExpiresAt.gt(now))
}

/// The token, if it is good for this purpose.
///
/// # Errors
/// The database failed.
pub async fn find(
    db: &impl ConnectionTrait,
    token: &str,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Result<Option<GoodToken>> {
    let row = table::Entity::find().filter(good(token, purpose, now)).one(db).await?;
    Ok(row.map(|row| GoodToken {
        account: row.account_id,
        made_by: row.made_by,
        payload: row.payload,
    }))
}

/// Uses a token up: one statement decides, so that of two at once one wins (ASVS V2.3.4).
///
/// # Errors
/// The database failed.
pub async fn use_up(
    db: &impl ConnectionTrait,
    token: &str,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Result<bool> {
    let used = table::Entity::update_many()
        .col_expr(table::Column::UsedAt, Expr::value(now))
        .filter(good(token, purpose, now))
        .exec(db)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Uses up all tokens of an account that are for one of these purposes.
///
/// # Errors
/// The database failed.
pub async fn void(
    db: &impl ConnectionTrait,
    account: AccountId,
    purposes: &[TokenPurpose],
    now: Timestamp,
) -> Result<()> {
    table::Entity::update_many()
        .col_expr(table::Column::UsedAt, Expr::value(now))
        .filter(table::Column::AccountId.eq(account))
        .filter(table::Column::Purpose.is_in(purposes.iter().copied()))
        .filter(table::Column::UsedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Removes all tokens that are for this purpose.
pub(super) async fn remove_all(db: &impl ConnectionTrait, purpose: TokenPurpose) -> Result<()> {
    let all = table::Entity::delete_many().filter(table::Column::Purpose.eq(purpose));
    all.exec(db).await?;
    Ok(())
}

/// Uses up every token there is.
pub(super) async fn void_all(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    table::Entity::update_many()
        .col_expr(table::Column::UsedAt, Expr::value(now))
        .filter(table::Column::UsedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Removes tokens that are too old to be told apart from wrong ones, and forms
/// that are held no longer.
///
/// # Errors
/// The database failed.
pub async fn remove_expired(db: &Db, now: Timestamp) -> Result<()> {
    use table::Column;
    let is_held_form = Column::Purpose.eq(TokenPurpose::HeldForm);
    let is_over = Column::ExpiresAt.lt(now - Duration::days(1));
    let is_over = is_over.or(is_held_form.and(Column::ExpiresAt.lte(now)));
    table::Entity::delete_many().filter(is_over).exec(db.write()).await?;
    Ok(())
}
