//! `/admin/applications/<slug>/proxy`: the configuration of the proxy in front of it.

use rocket::http::ContentType;
use rocket::response::Responder;
use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use crate::service::setup::guard::{self, Guard};
use crate::web::answer::download::File;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::guarding::named::named;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![proxy_page]
}

/// Where Doorward is, unless the command says otherwise.
const DOORWARD: &str = "127.0.0.1:8000";

/// A page, or its file to keep.
#[derive(Responder)]
enum Shown {
    Page(Box<Html>),
    File(Box<File>),
}

#[get("/applications/<slug>/proxy?<for>&<download>")]
fn proxy_page(
    _who: Staff,
    slug: &str,
    r#for: Option<&str>,
    download: Option<bool>,
    page: Page,
    doorward: &Service,
) -> Result<Shown, Failure> {
    let found = named(doorward, slug)?;
    let chosen = Guard::ALL.into_iter().find(|(_, id, _)| Some(*id) == r#for);
    let (guard, chosen, _) = chosen.unwrap_or(Guard::ALL[0]);
    let file = guard::configuration(guard, &found.application, DOORWARD, None);
    if download == Some(true) {
        let name = guard::file_name(guard, slug);
        return Ok(Shown::File(Box::new(File::new(&name, ContentType::Plain, file))));
    }
    let proxies = Guard::ALL.map(|(_, id, name)| (id, name));
    let asks = !doorward.settings.web.trusted_proxies.is_empty();
    let name = &found.application.name;
    Ok(Shown::Page(Box::new(page.in_section("admin/applications").render(
        "admin/application_proxy.html",
        context! { slug, name, file, proxies, chosen, asks },
    ))))
}
