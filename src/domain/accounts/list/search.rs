//! Finding accounts by any part of their names: each word is looked up in an
//! index of trigrams, in which a word of one or two letters is found where a
//! name or a part of one begins with it.

use sea_orm::sea_query::{BinOper, Condition, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend};

use crate::base::error::Result;
use crate::base::store::Count;
use crate::domain::accounts::searched::{self, beginning, plain};

/// The full-text index of SQLite.
pub(super) const TRIGRAMS: &str = "account_trigrams";

/// What accounts are searched for: all of it must be in the searched text of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search(Vec<String>);

impl Search {
    pub(super) fn of(typed: &str) -> Self {
        // Longer text is in no name.
        let typed: String = typed.chars().filter(|c| *c != '\0').take(1024).collect();
        let typed = plain(&typed);
        let words = typed.split(|c: char| c.is_whitespace() || c.is_control());
        let sought = |word: &str| {
            if word.chars().nth(2).is_some() { word.to_owned() } else { beginning(word) }
        };
        Self(words.filter(|word| !word.is_empty()).map(sought).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many accounts it finds, up to so many.
    pub(super) async fn count(&self, db: &impl ConnectionTrait, most: u64) -> Result<Count> {
        Count::up_to(db, self.numbers(db.get_database_backend()), most).await
    }

    /// The numbers of the rows of `account_search` that it finds.
    pub(super) fn numbers(&self, backend: DbBackend) -> SelectStatement {
        let mut found = Query::select();
        if backend == DbBackend::Sqlite {
            found.column("rowid").from(TRIGRAMS).and_where(self.matches());
        } else {
            found.column(searched::Column::Id).from(searched::Entity);
            found.cond_where(self.contained(backend));
        }
        found
    }

    /// The condition on the full-text index of SQLite.
    pub(super) fn matches(&self) -> Expr {
        let quoted = |word: &String| format!("\"{}\"", word.replace('"', "\"\""));
        let all: Vec<String> = self.0.iter().map(quoted).collect();
        Expr::col(TRIGRAMS).binary(BinOper::Custom("MATCH"), all.join(" AND "))
    }

    /// The condition on a row of `account_search`.
    pub(super) fn contained(&self, backend: DbBackend) -> Condition {
        self.0.iter().fold(Condition::all(), |all, part| all.add(contains(part, backend)))
    }
}

fn contains(part: &str, backend: DbBackend) -> Expr {
    let text = (searched::Entity, searched::Column::Text);
    if backend == DbBackend::Sqlite {
        return Func::cust("instr").arg(Expr::col(text)).arg(part).gt(0);
    }
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Expr::col(text).like(pattern)
}
