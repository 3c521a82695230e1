//! `/admin/applications/explain`: whether a request would be allowed, and why.

use rocket::{FromForm, Route, get, routes};
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

/// What is asked, as the query has it.
#[derive(FromForm)]
struct Query<'r> {
    url: Option<&'r str>,
    #[field(name = "as")]
    who: Option<&'r str>,
    method: Option<&'r str>,
    from: Option<&'r str>,
}

impl From<Query<'_>> for Asked {
    fn from(query: Query<'_>) -> Self {
        let filled = |text: Option<&str>| {
            text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self {
            url: filled(query.url).unwrap_or_default(),
            who: filled(query.who),
            method: filled(query.method).unwrap_or_else(|| "GET".to_owned()),
            from: filled(query.from),
        }
    }
}

#[get("/applications/explain?<query..>")]
async fn explain_page(
    _who: Staff,
    query: Query<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let asked = Asked::from(query);
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
