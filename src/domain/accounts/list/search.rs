//! Finding accounts by any part of their names: words of three letters and more
//! are looked up in an index of trigrams. Without such a word, only user names
//! that begin with the first one are found.

use sea_orm::sea_query::{BinOper, Condition, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend};

use crate::base::error::Result;
use crate::base::store::Count;
use crate::domain::accounts::searched::{self, plain};
use crate::domain::accounts::tables::{Column, Entity};

/// So many are found and then sorted. So are more, if they are rare among all:
/// in the list by name they would be looked for long.
const FEW: u64 = 10_000;
/// Among so many of the newest accounts is counted how rare they are.
const SAMPLE: i64 = 50_000;
/// Of the others at least every so many-th is one: the list by name is read
/// until a page is full.
const RARE: i64 = 20;

/// What accounts are searched for: all words must be in one of their names each.
/// Words of one or two letters must begin one, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    long: Vec<String>,
    short: Vec<String>,
}

/// How a search is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The index finds few accounts.
    Found,
    /// It would find many: each is looked at in the order of the list.
    Read,
}

impl Search {
    pub(super) fn of(typed: &str) -> Self {
        // Longer text is in no name.
        let typed: String = typed.chars().filter(|c| *c != '\0').take(1024).collect();
        let typed = plain(&typed);
        let words = typed.split(|c: char| c.is_whitespace() || c.is_control());
        let (mut long, mut short) = (vec![], vec![]);
        for word in words.filter(|word| !word.is_empty()) {
            if word.chars().nth(2).is_some() { &mut long } else { &mut short }
                .push(word.to_owned());
        }
        Self { long, short }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.long.is_empty() && self.short.is_empty()
    }

    /// What the user name begins with, where there is no long word to look up.
    pub(super) fn beginning(&self) -> Option<&str> {
        if self.long.is_empty() { self.short.first().map(String::as_str) } else { None }
    }

    /// Which way is the faster one.
    pub(super) async fn way(&self, db: &impl ConnectionTrait) -> Result<Way> {
        if self.long.is_empty() {
            return Ok(Way::Read);
        }
        if db.get_database_backend() != DbBackend::Sqlite {
            // PostgreSQL knows from its statistics.
            return Ok(Way::Found);
        }
        if let Count::Exactly(_) = Count::up_to(db, self.matches(None), FEW).await? {
            return Ok(Way::Found);
        }
        let newest =
            Query::select().expr_as(Expr::cust("max(id)"), "id").from(searched::Entity).to_owned();
        let newest = db.query_one(&newest).await?;
        let newest: i64 = newest.map_or(Ok(0), |row| row.try_get("", "id"))?;
        let enough = (Ord::min(SAMPLE, newest) / RARE).unsigned_abs();
        let sample = self.matches(Some(newest - SAMPLE));
        Ok(match Count::up_to(db, sample, enough).await? {
            Count::Exactly(_) => Way::Found,
            Count::MoreThan(_) => Way::Read,
        })
    }

    /// All rows that the index finds, where nothing but the index has to be asked.
    pub(super) fn by_index_alone(&self, backend: DbBackend) -> Option<SelectStatement> {
        let alone = backend == DbBackend::Sqlite && self.short.is_empty() && !self.long.is_empty();
        alone.then(|| self.matches(None))
    }

    /// The condition on an account.
    pub(super) fn condition(&self, way: Way, backend: DbBackend) -> Condition {
        if self.long.is_empty() && self.short.len() < 2 {
            return Condition::all();
        }
        let account = (searched::Entity, searched::Column::AccountId);
        let mut found = Query::select();
        found.from(searched::Entity);
        match (way, backend) {
            (Way::Found, DbBackend::Sqlite) => {
                found.and_where(searched::Column::Id.in_subquery(self.matches(None)));
                found.cond_where(self.short_words(backend));
            }
            _ => {
                found.cond_where(self.long_words(backend));
                found.cond_where(self.short_words(backend));
            }
        }
        Condition::all().add(match way {
            Way::Found => Column::Id.in_subquery(found.column(account).to_owned()),
            Way::Read => {
                let own = Expr::col(account).equals((Entity, Column::Id));
                Expr::exists(found.expr(Expr::value(1)).and_where(own).to_owned())
            }
        })
    }

    /// The rows that the index finds, all of them or those after a number.
    fn matches(&self, after: Option<i64>) -> SelectStatement {
        let quoted = |word: &String| format!("\"{}\"", word.replace('"', "\"\""));
        let all: Vec<String> = self.long.iter().map(quoted).collect();
        Query::select()
            .column("rowid")
            .from("account_trigrams")
            .and_where(
                Expr::col("account_trigrams").binary(BinOper::Custom("MATCH"), all.join(" AND ")),
            )
            .and_where_option(after.map(|after| Expr::col("rowid").gt(after)))
            .to_owned()
    }

    fn long_words(&self, backend: DbBackend) -> Condition {
        self.long.iter().fold(Condition::all(), |all, word| all.add(contains(word, backend)))
    }

    fn short_words(&self, backend: DbBackend) -> Condition {
        let begins = |word: &String| {
            let before = ["\n", " ", ".", "-", "_", "@"].map(|before| format!("{before}{word}"));
            before.iter().fold(Condition::any(), |any, part| any.add(contains(part, backend)))
        };
        // The user name begins with the first one where there is no long word.
        let rest = self.short.iter().skip(usize::from(self.long.is_empty()));
        rest.fold(Condition::all(), |all, word| all.add(begins(word)))
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
