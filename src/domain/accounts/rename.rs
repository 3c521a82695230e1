//! Giving an account other names, within somebody else's transaction.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::account::Account;
use super::names::{DisplayName, EmailAddress, Username, kept};
use super::register::taken_name;
use super::{searched, tables};
use crate::base::error::Result;

/// Gives an account these names; `None` leaves one as it is. Returns the account
/// with them.
///
/// # Errors
/// `USERNAME_TAKEN`, `USERNAME_KEPT`, `EMAIL_TAKEN` of `accounts::refusals`.
pub async fn set_names(
    db: &impl ConnectionTrait,
    account: &Account,
    (username, email, display_name): (
        Option<&Username>,
        Option<&EmailAddress>,
        Option<&DisplayName>,
    ),
) -> Result<Account> {
    let mut row = tables::ActiveModel { id: Unchanged(account.id), ..Default::default() };
    if let Some(name) = username {
        row.username = Set(name.typed().to_owned());
        row.username_canonical = Set(name.canonical().to_owned());
    }
    if let Some(email) = email {
        row.email = Set(email.typed().to_owned());
        row.email_canonical = Set(email.canonical().to_owned());
    }
    if let Some(name) = display_name {
        row.display_name = Set(name.as_str().to_owned());
    }
    if !row.is_changed() {
        return Ok(account.clone());
    }
    let row = row.update(db).await.map_err(taken_name)?;
    searched::write(db, &row).await?;
    if username.is_some() {
        kept::keep_new(db, account.id, &row.username_canonical).await?;
        // A role's accounts are listed by the name in the same row.
        tables::role::Entity::update_many()
            .col_expr(tables::role::Column::UsernameCanonical, Expr::value(&row.username_canonical))
            .filter(tables::role::Column::AccountId.eq(account.id))
            .exec(db)
            .await?;
    }
    Ok(Account::of(row, account.roles.clone()))
}
