//! Which accounts an act on many is about: those ticked in the list, or all that
//! the list finds; and the way back to that list.

use rocket::form::FromForm;
use serde::Serialize;

use super::query::AccountsQuery;
use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::list::List;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::administration::refusals;
use crate::service::Doorward;
use crate::web::admin::query::fits_an_address;
use crate::web::admin::view::account::AccountRow;
use crate::web::answer::page::Page;
use crate::web::answer::view::grouped;
use crate::web::form::submitted::{Fields, PageForm, Submitted};

/// More cannot be ticked at once; a page has no more.
const MOST_TICKED: usize = 200;

/// More accounts that a list finds are not acted on at once.
const MOST_FOUND: u64 = 10_000;

/// What the list sends to the page that comes before an act.
#[derive(FromForm)]
pub(super) struct Ticked<'r> {
    id: Vec<&'r str>,
    all: Option<&'r str>,
    list: Option<&'r str>,
}

/// What an act is about, in the fields of its form.
pub(super) struct Selection {
    ticked: Vec<AccountId>,
    is_all: bool,
    /// What stands behind the `?` of the list; `None` where that is no part of an address.
    list: Option<String>,
    /// Which accounts the page showed, as [`digest`]; only of all that a list finds.
    count: String,
}

/// A selection as its form sends it, and the list to go back to.
#[derive(Serialize)]
struct HiddenFields {
    ids: String,
    all: String,
    list: String,
    count: String,
    back: String,
}

impl Selection {
    fn of<'t>(ids: impl Iterator<Item = &'t str>, [all, list, count]: [&str; 3]) -> Self {
        let ids = ids.filter_map(|text| uuid::Uuid::try_parse(text).ok());
        Self {
            ticked: ids.take(MOST_TICKED).map(AccountId).collect(),
            is_all: !all.is_empty(),
            list: fits_an_address(list, 8192).then(|| list.to_owned()),
            count: count.to_owned(),
        }
    }

    /// What a page before an act is asked about: what was ticked in the list, or
    /// selected before the password was asked for.
    pub(super) fn asked(ticked: Ticked<'_>, page: &Page) -> Self {
        let held = |name| page.held_field(name).unwrap_or_default();
        match page.held_field("ids") {
            Some(ids) => Self::of(ids.split(','), [held("all"), held("list"), ""]),
            None => {
                let [all, list] = [ticked.all, ticked.list].map(Option::unwrap_or_default);
                Self::of(ticked.id.into_iter(), [all, list, ""])
            }
        }
    }

    pub(super) fn read(fields: &mut Fields) -> Self {
        // `ids`: up to 200 account ids with commas between them
        let ids = fields.text("ids");
        // `all`: empty, or anything for all accounts that `list` finds
        let all = fields.text("all");
        // `list`: what stands behind the `?` of the list of accounts
        let list = fields.text("list");
        // `count`: with `all`, how many accounts the page showed, and a digest of their ids; others
        // now: the form is shown again
        let count = fields.text("count");
        Self::of(ids.split(','), [&all, &list, &count])
    }

    /// The same of a form that may not be filled in well.
    pub(super) fn typed<T: PageForm>(form: &Submitted<T>) -> Self {
        let [ids, all, list, count] = ["ids", "all", "list", "count"].map(|name| form.typed(name));
        Self::of(ids.split(','), [&all, &list, &count])
    }

    /// The accounts; of all that a list finds at most one more than can be acted on.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn ids(&self, db: &Db, now: Timestamp) -> Result<Vec<AccountId>> {
        if !self.is_all {
            return Ok(self.ticked.clone());
        }
        match self.list.as_deref().and_then(|list| AccountsQuery::filter_of(list, now)) {
            Some(filter) => {
                let list = List::of(db.read(), &filter).await?;
                list.ids(db.read(), MOST_FOUND + 1).await
            }
            None => Ok(vec![]),
        }
    }

    /// The accounts to act on, if they are those that the page showed.
    ///
    /// # Errors
    /// `administration::refusals::SELECTION_CHANGED`; the database failed.
    pub(super) async fn ids_as_shown(&self, db: &Db, now: Timestamp) -> Result<Vec<AccountId>> {
        let ids = self.ids(db, now).await?;
        let is_shown = !self.is_all || self.count == digest(&ids);
        if is_shown && ids.len() as u64 <= MOST_FOUND {
            return Ok(ids);
        }
        Err(Error::from(refusals::SELECTION_CHANGED))
    }

    /// The hidden fields of a form that shows these accounts.
    fn fields(&self, accounts: &[Account]) -> HiddenFields {
        let ids: Vec<String> = self.ticked.iter().map(AccountId::to_string).collect();
        let [all, count] = if self.is_all {
            let shown: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
            ["true".to_owned(), digest(&shown)]
        } else {
            <[String; 2]>::default()
        };
        let list = self.list.clone().unwrap_or_default();
        HiddenFields { ids: ids.join(","), all, list, count, back: self.back() }
    }

    /// The list that it was made in.
    pub(super) fn back(&self) -> String {
        match self.list.as_deref() {
            None | Some("") => "/admin/accounts".to_owned(),
            Some(list) => format!("/admin/accounts?{list}"),
        }
    }

    /// The page of the one account that it is about, or the list.
    pub(super) fn back_to_account(&self) -> String {
        match self.ticked[..] {
            [id] if self.list.as_deref().is_none_or(str::is_empty) && !self.is_all => {
                format!("/admin/accounts/{id}")
            }
            _ => self.back(),
        }
    }
}

/// Tells these accounts from others: their number, and a digest of their ids.
fn digest(ids: &[AccountId]) -> String {
    let mut ids: Vec<String> = ids.iter().map(AccountId::to_string).collect();
    ids.sort_unstable();
    format!("{}.{}", ids.len(), secrets::encode(&secrets::digest(&ids.concat())[..16]))
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

    /// What a page says of them, in `shown`.
    pub(super) fn shown(self, selection: &Selection, now: Timestamp) -> Shown {
        let count = self.accounts.len();
        let fields = selection.fields(&self.accounts);
        let rows = self.accounts.into_iter().take(MOST_TICKED);
        Shown {
            selection: fields,
            count,
            unseen: count.saturating_sub(MOST_TICKED),
            too_many: self.is_more.then(|| grouped(MOST_FOUND)),
            accounts: rows.map(|account| AccountRow::of(account, now)).collect(),
        }
    }
}

/// The accounts that an act would be about, as its page shows them.
#[derive(Serialize)]
pub(super) struct Shown {
    selection: HiddenFields,
    count: usize,
    /// Those that stand on the page.
    accounts: Vec<AccountRow>,
    /// How many do not.
    unseen: usize,
    /// How many can be acted on at once, where there are more.
    too_many: Option<String>,
}
