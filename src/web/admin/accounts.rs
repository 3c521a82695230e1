//! `/admin` and `/admin/accounts`: who has an account.

use rocket::{Route, get, routes};
use rocket_dyn_templates::{Template, context};
use serde::Serialize;

use crate::accounts::{self, Account};
use crate::web::Service;
use crate::web::failure::Failure;
use crate::web::guards::Staff;
use crate::web::page::Page;
use crate::web::seen::Seen;
use crate::web::view::Moment;

/// Accounts on one screen.
const SCREEN: u64 = 50;

pub(super) fn routes() -> Vec<Route> {
    routes![admin_page, accounts_page]
}

#[derive(Serialize)]
struct Row {
    id: String,
    username: String,
    email: String,
    roles: Vec<String>,
    state: &'static str,
    created_at: Moment,
    last_login_at: Option<Moment>,
}

impl From<Account> for Row {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            username: account.username,
            email: account.email,
            roles: account.roles.names().map(str::to_owned).collect(),
            state: if account.disabled_at.is_some() { "disabled" } else { "active" },
            created_at: account.created_at.into(),
            last_login_at: account.last_login.map(|login| login.at.into()),
        }
    }
}

#[get("/")]
fn admin_page(_who: Staff) -> Seen {
    Seen::at("/admin/accounts")
}

#[get("/accounts?<q>&<after>")]
async fn accounts_page(
    _who: Staff,
    q: Option<&str>,
    after: Option<&str>,
    page: Page,
    doorward: &Service,
) -> Result<Template, Failure> {
    // Longer than any name: finds nothing either way. NUL is an error to PostgreSQL.
    let query: String =
        q.unwrap_or_default().trim().chars().filter(|c| !c.is_control()).take(254).collect();
    let after: String =
        after.unwrap_or_default().chars().filter(|c| !c.is_control()).take(64).collect();
    let db = doorward.db.read();
    let found = accounts::list(db, &query, &after, SCREEN).await?;
    let next_page = found.last().filter(|_| found.len() as u64 == SCREEN).map(|last| {
        let encode = |text: &str| rocket::http::RawStr::new(text).percent_encode().to_string();
        let name = last.username.to_lowercase();
        format!("/admin/accounts?q={}&after={}", encode(&query), encode(&name))
    });
    let total = accounts::count(db).await?;
    let rows: Vec<Row> = found.into_iter().map(Row::from).collect();
    Ok(page
        .in_section("admin")
        .render("admin/accounts.html", context! { accounts: rows, total, next_page, query }))
}
