//! `/admin/applications/<slug>/remove`: guarding an application no longer.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::act::{REMOVED, perform};
use crate::domain::applications::{Change, Found};
use crate::domain::entries;
use crate::web::admin::reason::{FormName, ReasonForm};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::Typed;
use crate::web::form::timely::Timely;
use crate::web::guarding::named::named;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::RecentAdmin;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![remove_page, remove]
}

struct Removal;

impl FormName for Removal {
    const PURPOSE: &'static str = "remove an application";
}

fn draw(page: Page, form: Typed, found: &Found, entered: u64) -> Html {
    let (slug, name) = (&found.application.slug, &found.application.name);
    page.in_section("admin/applications")
        .render("admin/application_remove.html", context! { form, slug, name, entered })
}

#[get("/applications/<slug>/remove")]
async fn remove_page(
    _who: RecentAdmin,
    slug: &str,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let found = named(doorward, slug)?;
    let entered = entries::count(doorward.db.read(), found.id, now.0).await?;
    let form = Typed::fresh::<ReasonForm<Removal>>(&page, &[]);
    Ok(draw(page, form, &found, entered))
}

#[post("/applications/<slug>/remove", data = "<form>")]
async fn remove(
    slug: &str,
    form: Timely<RecentAdmin, ReasonForm<Removal>>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let found = named(doorward, slug)?;
    let entered = entries::count(doorward.db.read(), found.id, now.0).await?;
    let show = |page, form| draw(page, form, &found, entered);
    let (first, last) = form
        .submit(page, show, async |form: ReasonForm<Removal>| {
            let actor = who.0.acting(&caller, &form.reason.0);
            perform(doorward, Change::Remove(slug.to_owned()), actor, now).await
        })
        .await?;
    Ok(SeeOther::at("/admin/applications").saying(REMOVED.with([0, 0, first, last])))
}
