//! `/admin/applications/explain`: whether a request would be allowed, and why.

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;

use crate::base::error::Error;
use crate::service::explain::{self, Asked, Explanation};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Staff;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![explain_page]
}

#[get("/applications/explain?<url>&<as>&<method>&<from>")]
async fn explain_page(
    _who: Staff,
    url: Option<&str>,
    r#as: Option<&str>,
    method: Option<&str>,
    from: Option<&str>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let filled =
        |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let asked = Asked {
        url: filled(url).unwrap_or_default(),
        who: filled(r#as),
        method: filled(method).unwrap_or_else(|| "GET".to_owned()),
        from: filled(from),
    };
    let (mut explanation, mut problem): (Option<Explanation>, Option<String>) = (None, None);
    if !asked.url.is_empty() {
        match explain::explain(doorward, &asked, now.0).await {
            Ok(explained) => explanation = Some(explained),
            Err(Error::Broken(why)) => problem = Some(why),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(page
        .in_section("admin/applications")
        .render("admin/application_explain.html", context! { asked, explanation, problem }))
}
