//! `/admin/applications/new`: adding an application.

use rocket::{Route, get, post, routes};

use super::act::{ADDED, perform, surroundings};
use super::form::{ApplicationForm, choices, draw};
use crate::domain::applications::Change;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::Typed;
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::RecentAdmin;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![new_page, add]
}

#[get("/applications/new")]
async fn new_page(_who: RecentAdmin, page: Page, doorward: &Service) -> Result<Html, Failure> {
    let form = Typed::fresh::<ApplicationForm>(&page, &[("identity", "both")]);
    let roles = choices(doorward, &[], &form).await?;
    Ok(draw(page, form, None, roles))
}

#[post("/applications/new", data = "<form>")]
async fn add(
    form: Timely<RecentAdmin, ApplicationForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let done = form
        .attempt(&page, async |form: ApplicationForm| {
            let (draft, application) = form.with_rules(vec![], surroundings(doorward))?;
            let actor = who.0.acting(&caller, &form.reason.0);
            let slug = form.slug().to_owned();
            let change = Change::Add(draft, application);
            Ok((perform(doorward, change, actor, now).await?, slug))
        })
        .await?;
    match done {
        Ok(((first, last), slug)) => {
            let to = format!("/admin/applications/{slug}");
            Ok(SeeOther::at(to).saying(ADDED.with([0, 0, first, last])))
        }
        Err((status, form)) => {
            let roles = choices(doorward, &[], &form).await?;
            Err(Failure::Page(status, Box::new(draw(page, form, None, roles))))
        }
    }
}
