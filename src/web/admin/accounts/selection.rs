//! Which accounts an act on many is about: those ticked in the list, or all that
//! the list finds; and the way back to that list.

use rocket::form::FromForm;
use serde::Serialize;

use super::query::AccountsQuery;
use crate::base::error::{Error, Result};
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account, AccountId, list};
use crate::domain::administration::refusals;
use crate::service::Doorward;
use crate::web::admin::query::grouped;
use crate::web::admin::view::account::AccountRow;
use crate::web::answer::page::Page;
use crate::web::form::submitted::{Fields, PageForm, Submitted};

/// More cannot be ticked at once; a page has no more.
const MOST_TICKED: usize = 200;

/// More accounts that a list finds are not acted on at once.
pub(super) const MOST_FOUND: u64 = 10_000;

/// What the list sends to the page that comes before an act.
#[derive(FromForm)]
pub(super) struct Ticked<'r> {
    id: Vec<&'r str>,
    all: Option<&'r str>,
    list: Option<&'r str>,
}

/// What an act is about, in the fields of its form.
#[derive(Clone, Default)]
pub(super) struct Selection {
    ticked: Vec<AccountId>,
    is_all: bool,
    list: String,
    /// Whether `list` is what was sent.
    is_fit: bool,
    /// How many accounts the page showed; only of all that a list finds.
    count: String,
}

/// A selection as its form sends it, and the list to go back to.
#[derive(Serialize)]
pub(super) struct HiddenFields {
    ids: String,
    all: String,
    list: String,
    count: String,
    back: String,
}

impl From<Ticked<'_>> for Selection {
    fn from(ticked: Ticked<'_>) -> Self {
        let is_all = ticked.all.is_some_and(|all| !all.is_empty());
        Self::of(ticked.id.into_iter(), is_all, ticked.list.unwrap_or_default(), "")
    }
}

impl Selection {
    fn of<'t>(ids: impl Iterator<Item = &'t str>, is_all: bool, list: &str, count: &str) -> Self {
        let ids = ids.filter_map(|text| uuid::Uuid::try_parse(text).ok());
        // A part of an address: nothing in it may end a header.
        let is_fit = list.len() <= 8192 && list.bytes().all(|byte| byte.is_ascii_graphic());
        Self {
            ticked: ids.take(MOST_TICKED).map(AccountId).collect(),
            is_all,
            list: if is_fit { list.to_owned() } else { String::new() },
            is_fit,
            count: count.to_owned(),
        }
    }

    /// What a page before an act is asked about: what was ticked in the list, or
    /// selected before the password was asked for.
    pub(super) fn asked(ticked: Ticked<'_>, page: &Page) -> Self {
        let held = |name| page.held_field(name).unwrap_or_default();
        match page.held_field("ids") {
            Some(ids) => Self::of(ids.split(','), !held("all").is_empty(), held("list"), ""),
            None => ticked.into(),
        }
    }

    pub(super) fn read(fields: &mut Fields) -> Self {
        // `ids`: up to 200 account ids with commas between them
        let ids = fields.text("ids");
        // `all`: empty, or anything for all accounts that `list` finds
        let all = fields.text("all");
        // `list`: what stands behind the `?` of the list of accounts
        let list = fields.text("list");
        // `count`: with `all`, how many accounts the page showed; others now: the form is shown
        // again
        let count = fields.text("count");
        Self::of(ids.split(','), !all.is_empty(), &list, &count)
    }

    /// The same of a form that may not be filled in well.
    pub(super) fn typed<T: PageForm>(form: &Submitted<T>) -> Self {
        let [ids, all, list, count] = ["ids", "all", "list", "count"].map(|name| form.typed(name));
        Self::of(ids.split(','), !all.is_empty(), &list, &count)
    }

    /// The accounts; of all that a list finds at most one more than can be acted on.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn ids(&self, db: &Db, now: Timestamp) -> Result<Vec<AccountId>> {
        if !self.is_all {
            return Ok(self.ticked.clone());
        }
        let Some(filter) = AccountsQuery::filter_of(&self.list, now).filter(|_| self.is_fit) else {
            return Ok(vec![]);
        };
        list::ids(db.read(), &filter, MOST_FOUND + 1).await
    }

    /// The accounts to act on, if they are as many as the page showed.
    ///
    /// # Errors
    /// `administration::refusals::SELECTION_CHANGED`; the database failed.
    pub(super) async fn ids_as_shown(&self, db: &Db, now: Timestamp) -> Result<Vec<AccountId>> {
        let ids = self.ids(db, now).await?;
        let is_shown = !self.is_all || self.count == ids.len().to_string();
        if is_shown && ids.len() as u64 <= MOST_FOUND {
            return Ok(ids);
        }
        Err(Error::from(refusals::SELECTION_CHANGED))
    }

    /// The hidden fields of a form that shows so many accounts.
    pub(super) fn fields(&self, count: usize) -> HiddenFields {
        let ids: Vec<String> = self.ticked.iter().map(AccountId::to_string).collect();
        let [all, count] = if self.is_all {
            ["true".to_owned(), count.to_string()]
        } else {
            <[String; 2]>::default()
        };
        HiddenFields { ids: ids.join(","), all, list: self.list.clone(), count, back: self.back() }
    }

    /// The list that it was made in.
    pub(super) fn back(&self) -> String {
        match &*self.list {
            "" => "/admin/accounts".to_owned(),
            list => format!("/admin/accounts?{list}"),
        }
    }

    /// The page of the one account that it is about, or the list.
    pub(super) fn back_to_account(&self) -> String {
        match self.ticked[..] {
            [id] if self.list.is_empty() && !self.is_all => format!("/admin/accounts/{id}"),
            _ => self.back(),
        }
    }
}

/// The accounts that an act would be about.
pub(super) struct Subjects {
    pub(super) accounts: Vec<Account>,
    is_more: bool,
}

impl Subjects {
    /// Those of a selection that exist, by name.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn of(
        selection: &Selection,
        doorward: &Doorward,
        now: Timestamp,
    ) -> Result<Self> {
        let mut ids = selection.ids(&doorward.db, now).await?;
        let is_more = ids.len() as u64 > MOST_FOUND;
        ids.truncate(MOST_FOUND as usize);
        Ok(Self { accounts: accounts::all_of(doorward.db.read(), &ids).await?, is_more })
    }

    /// Whether each of them stands on the page.
    pub(super) fn are_shown(&self) -> bool {
        self.accounts.len() <= MOST_TICKED
    }

    /// How many do not.
    pub(super) fn unseen(&self) -> usize {
        self.accounts.len().saturating_sub(MOST_TICKED)
    }

    /// How many can be acted on at once, where there are more.
    pub(super) fn too_many(&self) -> Option<String> {
        self.is_more.then(|| grouped(MOST_FOUND))
    }

    /// Those that stand on the page.
    pub(super) fn rows(self, now: Timestamp) -> Vec<AccountRow> {
        let rows = self.accounts.into_iter().take(MOST_TICKED);
        rows.map(|account| AccountRow::of(account, now)).collect()
    }
}
