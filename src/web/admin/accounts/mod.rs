//! `/admin/accounts`: who has an account.

pub(super) mod bulk;
pub(super) mod bulk_roles;
pub(super) mod edit;
pub(super) mod export;
pub(super) mod new;
pub(super) mod one;
pub(super) mod recovery;
pub(super) mod roles;

mod lookup;
mod query;
mod recovery_link;
pub(in crate::web::admin) mod role_choices;
mod selection;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use self::query::{AccountsQuery, range_in_words};
use crate::domain::accounts::custom_roles;
use crate::domain::accounts::list::{Cursor, List, Sort};
use crate::domain::accounts::permissions::BUILT_IN;
use crate::web::admin::query::cursor;
use crate::web::admin::view::account::AccountRow;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![accounts_page]
}

/// More are not counted.
const COUNTED: u64 = 10_000;

#[get("/accounts?<from>&<query..>")]
async fn accounts_page(
    _who: Staff,
    from: Option<&str>,
    query: AccountsQuery,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let mut notices = vec![];
    let filter = query.filter(now.0, &mut notices);
    let size = query.size(&mut notices);
    let from = cursor(from, Cursor::parse, &mut notices);
    let sorted = List::of(db, &filter).await?;
    let found = sorted.page(db, from.as_ref(), size).await?;
    let count = sorted.count(db, COUNTED).await?;
    let own = custom_roles::list(db).await?;
    let built_in = BUILT_IN.iter().map(|name| (*name).to_owned());
    let all_roles: Vec<String> = built_in.chain(own.into_iter().map(|role| role.name)).collect();
    if sorted.sort() == Sort::Name && filter.sort != Sort::Name {
        notices.push("A filtered list is sorted by name.".to_owned());
    }
    let (total, mut range) = range_in_words(&found, count);
    if sorted.sort() == Sort::Created && filter.sort != Sort::Created {
        range.push_str(", newest first");
    }
    let there = |cursor: Option<Cursor>| {
        cursor.map(|cursor| query.link("/admin/accounts", &cursor.to_string()))
    };
    let pages = context! {
        first: found.previous.is_some().then(|| query.link("/admin/accounts", "")),
        previous: there(found.previous),
        next: there(found.next),
        range: range.clone(),
    };
    let accounts: Vec<AccountRow> =
        found.accounts.into_iter().map(|account| AccountRow::of(account, now.0)).collect();
    Ok(page.in_section("admin/accounts").render(
        "admin/accounts.html",
        context! {
            accounts,
            all_roles,
            notices,
            pages,
            range,
            total,
            list: query.text(),
            chips: query.chips(&filter),
            csv: query.link("/admin/accounts.csv", ""),
            jsonl: query.link("/admin/accounts.jsonl", ""),
            query: &filter.search,
            role: &filter.role,
            state: query.state,
            sort: query.sort,
            size,
        },
    ))
}
