//! `/admin/applications/<slug>`: one application.

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use super::view::Details;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::guarding::named::named;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![application_page]
}

#[get("/applications/<slug>")]
fn application_page(
    _who: Staff,
    slug: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let application = Details::of(doorward, &named(doorward, slug)?);
    Ok(page
        .in_section("admin/applications")
        .render("admin/application.html", context! { application }))
}
