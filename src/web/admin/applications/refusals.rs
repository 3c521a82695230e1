//! `/admin/applications/<slug>/refusals`: the last requests to an application
//! that were not let through, and why. For administrators: it says what people open.

use rocket::{Route, get, routes};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::domain::applications::sightings::Refused;
use crate::service::words;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::view::Moment;
use crate::web::guarding::named::named;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Admin;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![refusals_page]
}

/// A refusal as the page shows it.
#[derive(Serialize)]
struct Row {
    at: Moment,
    method: String,
    path: String,
    answer: u16,
    cause: String,
    advice: &'static str,
    circumstances: Vec<&'static str>,
    destination: String,
    cookies: Vec<&'static str>,
}

impl From<Refused> for Row {
    fn from(refused: Refused) -> Self {
        Self {
            at: refused.at.into(),
            cause: words::cause(refused.cause),
            advice: words::advice(refused.cause),
            circumstances: words::circumstances(&refused),
            method: refused.method,
            path: refused.path,
            answer: refused.answer,
            destination: refused.destination,
            cookies: refused.cookies,
        }
    }
}

#[get("/applications/<slug>/refusals")]
fn refusals_page(_who: Admin, slug: &str, page: Page, doorward: &Service) -> Result<Html, Failure> {
    let found = named(doorward, slug)?;
    let recent = doorward.sightings.recent(found.id);
    let refusals: Vec<Row> = recent.into_iter().map(Row::from).collect();
    let name = &found.application.name;
    Ok(page
        .in_section("admin/applications")
        .render("admin/application_refusals.html", context! { slug, name, refusals }))
}
