//! `/admin/applications/<slug>/edit`: changing an application.

use rocket::{Route, get, post, routes};

use super::act::{CHANGED, perform, surroundings};
use super::form::{ApplicationForm, choices, draw, values};
use crate::domain::applications::Change;
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
    routes![edit_page, edit]
}

#[get("/applications/<slug>/edit")]
async fn edit_page(
    _who: RecentAdmin,
    slug: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let found = named(doorward, slug)?;
    let values = values(&found.draft, Some(found.changed_at));
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, &**value)).collect();
    let form = Typed::fresh::<ApplicationForm>(&page, &values);
    let roles = choices(doorward, &found.draft.roles, &form).await?;
    Ok(draw(page, form, Some(slug), roles))
}

#[post("/applications/<slug>/edit", data = "<form>")]
async fn edit(
    slug: &str,
    form: Timely<RecentAdmin, ApplicationForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let found = named(doorward, slug)?;
    let done = form
        .attempt(&page, async |form: ApplicationForm| {
            let rules = found.draft.rules.clone();
            let (draft, application) = form.with_rules(rules, surroundings(doorward))?;
            let actor = who.0.acting(&caller, &form.reason.0);
            let to = format!("/admin/applications/{}", form.slug());
            let change = Change::Replace(slug.to_owned(), form.seen, draft, application);
            Ok((perform(doorward, change, actor, now).await?, to))
        })
        .await?;
    match done {
        Ok(((first, last), to)) => Ok(SeeOther::at(to).saying(CHANGED.with([0, 0, first, last]))),
        Err((status, form)) => {
            let roles = choices(doorward, &found.draft.roles, &form).await?;
            Err(Failure::Page(status, Box::new(draw(page, form, Some(slug), roles))))
        }
    }
}
