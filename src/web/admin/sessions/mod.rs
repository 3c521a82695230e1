//! `/admin/sessions`: who is signed in.

pub(super) mod end;
pub(super) mod end_all;

mod query;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use self::query::SessionsQuery;
use crate::base::error::Result;
use crate::domain::sessions::search::{self, Cursor};
use crate::web::admin::query::{SCREEN, cursor, typed};
use crate::web::admin::view::session::named_rows;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![sessions_page]
}

#[get("/sessions?<from>&<query..>")]
async fn sessions_page(
    _who: Staff,
    from: Option<&str>,
    query: SessionsQuery<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let mut notices = vec![];
    let from = cursor(from, Cursor::parse, &mut notices);
    let first = from.is_none();
    let (found, next) = match query.filter(db, &mut notices).await? {
        Some(filter) => search::screen(db, &filter, from, SCREEN, now.0).await?,
        None => (vec![], None),
    };
    let sessions = named_rows(db, found).await?;
    let narrowed = !(typed(query.account) + &typed(query.address)).is_empty();
    let end_these = narrowed.then(|| query.end_link());
    Ok(page.in_section("admin/sessions").render(
        "admin/sessions.html",
        context! {
            sessions,
            notices,
            pages: context! {
                first: (!first).then(|| query.link("/admin/sessions", "")),
                next: next.map(|next| query.link("/admin/sessions", &next.to_string())),
            },
            back: query.text(),
            end_these: end_these.filter(|_| first),
            account: typed(query.account),
            address: typed(query.address),
            kind: query.kind,
        },
    ))
}
