//! The table `account_search`: the names of each account, as they are searched for.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::id::AccountId;
use super::tables::Model as AccountRow;
use crate::base::error::Result;
use crate::base::store::{AtDeletion, Exported, Table};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account_search")]
pub struct Model {
    /// What the full-text index of SQLite calls the row by.
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique)]
    pub account_id: AccountId,
    pub text: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_accounts::<Entity>(
        Exported::Nothing("the names of the account again, as they are searched for"),
        &[(Column::AccountId, AtDeletion::Removed)],
    )]
}

/// Text as it is compared in a search: `José` and `jose` are the same.
pub(super) fn plain(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).nfkc().collect()
}

/// The names of an account, one a line, each after a line break.
fn text_of(row: &AccountRow) -> String {
    let names = [&row.username_canonical, &row.email, &row.email_canonical, &row.display_name]
        .map(|name| plain(name));
    let mut lines: Vec<&str> = vec![];
    for name in &names {
        if !name.is_empty() && !lines.contains(&name.as_str()) {
            lines.push(name);
        }
    }
    lines.iter().map(|line| format!("\n{line}")).collect()
}

/// Makes an account found by the names that it has in `row`.
///
/// # Errors
/// The database failed.
pub(super) async fn write(db: &impl ConnectionTrait, row: &AccountRow) -> Result<()> {
    let text = Set(text_of(row));
    let model = ActiveModel { id: NotSet, account_id: Set(row.id), text };
    let replace = OnConflict::column(Column::AccountId).update_column(Column::Text).to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}
