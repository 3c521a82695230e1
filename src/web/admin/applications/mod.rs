//! `/admin/applications`: the applications that are guarded.

pub(super) mod act;
pub(super) mod edit;
pub(super) mod explain;
mod form;
pub(super) mod new;
pub(super) mod one;
pub(super) mod proxy;
pub(super) mod refusals;
pub(super) mod remove;
pub(super) mod rules;
mod view;

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use self::view::Row;
use crate::service::asked::Asked;
use crate::service::words;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![applications_page]
}

#[get("/applications")]
async fn applications_page(
    _who: Staff,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let catalog = doorward.applications.current();
    let asked = Asked::read(doorward, now.0).await?;
    let applications: Vec<Row> = catalog.all().iter().map(|one| Row::of(one, &asked)).collect();
    let unusable: Vec<_> =
        catalog.unusable().iter().map(|one| (&one.slug, words::unusable(one))).collect();
    let asks = !doorward.settings.web.trusted_proxies.is_empty();
    Ok(page
        .in_section("admin/applications")
        .render("admin/applications.html", context! { applications, unusable, asks }))
}
