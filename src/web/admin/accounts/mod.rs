//! `/admin/accounts`: who has an account.

pub(super) mod bulk;
pub(super) mod one;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;
use serde::Serialize;

use super::query::{SCREEN, chosen, cursor, link, typed};
use crate::domain::accounts::list::{self, Cursor, Filter, Sort};
use crate::domain::accounts::permissions::BUILT_IN;
use crate::domain::accounts::{Account, custom_roles};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::view::{Moment, Names};
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

pub(in crate::web) fn routes() -> Vec<Route> {
    routes![accounts_page]
}

#[derive(Serialize)]
pub(super) struct Row {
    id: String,
    #[serde(flatten)]
    names: Names,
    roles: Vec<String>,
    state: &'static str,
    created_at: Moment,
    last_login_at: Option<Moment>,
}

impl From<Account> for Row {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            names: Names::from(&account),
            roles: account.roles.names().map(str::to_owned).collect(),
            state: if account.disabled_at.is_some() { "disabled" } else { "active" },
            created_at: account.created_at.into(),
            last_login_at: account.last_login.map(|login| login.at.into()),
        }
    }
}

const STATES: [(&str, bool); 2] = [("active", false), ("disabled", true)];
const SORTS: [(&str, Sort); 3] =
    [("name", Sort::Name), ("opened", Sort::Opened), ("login", Sort::LastLogin)];

/// What the address of the list asks for.
pub(super) fn filter(
    q: Option<&str>,
    role: Option<&str>,
    state: Option<&str>,
    sort: Option<&str>,
    notices: &mut Vec<String>,
) -> Filter {
    let filter = Filter {
        search: typed(q),
        role: Some(typed(role)).filter(|role| !role.is_empty()),
        disabled: chosen(state, &STATES, "state", notices),
        sort: chosen(sort, &SORTS, "order", notices).unwrap_or_default(),
    };
    if filter.is_by_name() && filter.sort != Sort::Name {
        notices.push("A search, a role and the state “switched off” list by name.".to_owned());
    }
    filter
}

#[get("/accounts?<q>&<role>&<state>&<sort>&<from>")]
#[expect(clippy::too_many_arguments, reason = "one for each part of the address")]
async fn accounts_page(
    _who: Staff,
    q: Option<&str>,
    role: Option<&str>,
    state: Option<&str>,
    sort: Option<&str>,
    from: Option<&str>,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let mut notices = vec![];
    let filter = filter(q, role, state, sort, &mut notices);
    let from = cursor(from, Cursor::parse, &mut notices);
    let first = from.is_none();
    let (found, next) = list::screen(db, &filter, from, SCREEN).await?;
    let parameters = |from: &str| {
        let role = filter.role.as_deref().unwrap_or_default();
        let (state, sort) = (state.unwrap_or_default(), sort.unwrap_or_default());
        [("q", &*filter.search), ("role", role), ("state", state), ("sort", sort), ("from", from)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let to = |path: &str, from: &str| {
        let parameters = parameters(from);
        link(path, &parameters.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    let own = custom_roles::list(db).await?;
    let built_in = BUILT_IN.iter().map(|(name, _)| (*name).to_owned());
    let all_roles: Vec<String> = built_in.chain(own.into_iter().map(|role| role.name)).collect();
    let accounts: Vec<Row> = found.into_iter().map(Row::from).collect();
    Ok(page.in_section("admin/accounts").render(
        "admin/accounts.html",
        context! {
            accounts,
            all_roles,
            first,
            notices,
            next_page: next.map(|next| to("/admin/accounts", &next.to_string())),
            csv: to("/admin/accounts.csv", ""),
            jsonl: to("/admin/accounts.jsonl", ""),
            query: &filter.search,
            role: &filter.role,
            state,
            sort,
        },
    ))
}
