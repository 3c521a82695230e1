//! `/admin/applications/<slug>/proxy`: the configuration of the proxy in front of it.

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use crate::service::setup::guard::{self, Guard};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::guarding::named::named;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![proxy_page]
}

#[get("/applications/<slug>/proxy?<for>")]
fn proxy_page(
    _who: Staff,
    slug: &str,
    r#for: Option<&str>,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let found = named(doorward, slug)?;
    let chosen = Guard::ALL.into_iter().find(|(_, id, _)| Some(*id) == r#for);
    let (guard, chosen, _) = chosen.unwrap_or(Guard::ALL[0]);
    let file = guard::configuration(guard, &found.application, "127.0.0.1:8000", None);
    let proxies = Guard::ALL.map(|(_, id, name)| (id, name));
    let asks = !doorward.settings.web.trusted_proxies.is_empty();
    let name = &found.application.name;
    Ok(page.in_section("admin/applications").render(
        "admin/application_proxy.html",
        context! { slug, name, file, proxies, chosen, asks },
    ))
}
