//! `/admin/applications/<slug>/proxy`: the configuration of the proxy in front of it.

use rocket::futures::Stream;
use rocket::futures::future::ready;
use rocket::futures::stream;
use rocket::http::ContentType;
use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use crate::service::setup::guard::{self, Guard};
use crate::web::answer::download::Download;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::guarding::named::named;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![proxy_page, proxy_file]
}

/// Where Doorward is, unless the command says otherwise.
const DOORWARD: &str = "127.0.0.1:8000";

fn chosen(name: Option<&str>) -> (Guard, &'static str) {
    let chosen = Guard::ALL.into_iter().find(|(_, id, _)| Some(*id) == name);
    let (guard, id, _) = chosen.unwrap_or(Guard::ALL[0]);
    (guard, id)
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
    let (guard, chosen) = chosen(r#for);
    let file = guard::configuration(guard, &found.application, DOORWARD, None);
    let proxies = Guard::ALL.map(|(_, id, name)| (id, name));
    let asks = !doorward.settings.web.trusted_proxies.is_empty();
    let name = &found.application.name;
    Ok(page.in_section("admin/applications").render(
        "admin/application_proxy.html",
        context! { slug, name, file, proxies, chosen, asks },
    ))
}

#[get("/applications/<slug>/proxy-file?<for>")]
fn proxy_file(
    _who: Staff,
    slug: &str,
    r#for: Option<&str>,
    doorward: &Service,
) -> Result<Download<impl Stream<Item = String>>, Failure> {
    let found = named(doorward, slug)?;
    let (guard, _) = chosen(r#for);
    let file = guard::configuration(guard, &found.application, DOORWARD, None);
    let name = guard::file_name(guard, slug);
    Ok(Download::new(&name, ContentType::Plain, stream::once(ready(file))))
}
