//! The table `account_search`: the names of each account, as they are searched for.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::QuerySelect;
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

/// Stands in no name.
const MARK: char = '\u{1}';

/// What stands before a part of a name.
fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '-' | '_' | '@')
}

/// What the searched text of an account has where one of its names, or a part of one, begins
/// with `word`, of one or two letters: three characters, as the index holds them.
pub(super) fn beginning(word: &str) -> String {
    let is_one = word.chars().nth(1).is_none();
    format!("{}{word}", if is_one { "\u{1}\u{1}" } else { "\u{1}" })
}

/// The names of an account, one a line, each after a line break; then the first
/// two letters of each of their parts, each after two marks.
pub(super) fn text_of(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let mut lines: Vec<&str> = vec![];
    let mut parts: Vec<String> = vec![];
    for name in names.iter().filter(|name| !name.is_empty()) {
        if lines.contains(&name.as_str()) {
            continue;
        }
        lines.push(name);
        let begins = |place: usize| name[..place].chars().next_back().is_none_or(separates);
        for (place, _) in name.char_indices().filter(|(place, _)| begins(*place)) {
            let part = name[place..].chars().take(2).collect();
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    let lines: String = lines.iter().map(|line| format!("\n{line}")).collect();
    let parts: String = parts.iter().map(|part| format!("{MARK}{MARK}{part}")).collect();
    format!("{lines}\n{parts}")
}

/// Makes an account found by the names that it has in `row`.
///
/// # Errors
/// The database failed.
pub(super) async fn write(db: &impl ConnectionTrait, row: &AccountRow) -> Result<()> {
    let names = [&*row.username_canonical, &row.email, &row.email_canonical, &row.display_name];
    let text = Set(text_of(&names));
    let model = ActiveModel { id: NotSet, account_id: Set(row.id), text };
    let replace = OnConflict::column(Column::AccountId).update_column(Column::Text).to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// The least and the greatest number by which the index calls the names of these accounts, if
/// any of them is still there.
///
/// # Errors
/// The database failed.
pub(super) async fn numbers_of(
    db: &impl ConnectionTrait,
    accounts: impl IntoIterator<Item = AccountId>,
) -> Result<Option<(i64, i64)>> {
    let numbers = Entity::find()
        .filter(Column::AccountId.is_in(accounts))
        .select_only()
        .column_as(Column::Id.min(), "least")
        .column_as(Column::Id.max(), "greatest")
        .into_tuple()
        .one(db)
        .await?;
    let (least, greatest): (Option<i64>, Option<i64>) = numbers.unwrap_or_default();
    Ok(least.zip(greatest))
}
