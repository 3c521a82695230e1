//! `/admin/applications/<slug>/rules` and `new-rule`: what is needed for parts of an application.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::act::{CHANGED, named, perform, surroundings};
use super::form::{RuleForm, choices, parsed, values_of_rule};
use crate::base::error::Error;
use crate::domain::applications::{Change, Draft, Found, RuleDraft};
use crate::web::admin::accounts::role_choices::RoleChoice;
use crate::web::admin::reason::{FormName, ReasonForm};
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
    routes![new_page, add, rule_page, change, remove_page, remove]
}

fn draw(
    page: Page,
    form: Typed,
    (found, number): (&Found, Option<usize>),
    roles: Vec<RoleChoice>,
) -> Html {
    let (slug, name) = (&found.application.slug, &found.application.name);
    page.in_section("admin/applications").render(
        "admin/application_rule.html",
        context! { form, slug, name, number, choices: roles },
    )
}

fn rule_of(found: &Found, number: usize) -> Result<&RuleDraft, Failure> {
    found.draft.rules.get(number).ok_or(Failure::Status(Status::NotFound))
}

#[get("/applications/<slug>/new-rule")]
async fn new_page(
    _who: RecentAdmin,
    slug: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let found = named(doorward, slug)?;
    let seen = found.changed_at.0.to_string();
    let form = Typed::fresh::<RuleForm>(&page, &[("seen", &seen)]);
    let roles = choices(doorward, &[], &form).await?;
    Ok(draw(page, form, (&found, None), roles))
}

#[post("/applications/<slug>/new-rule", data = "<form>")]
async fn add(
    slug: &str,
    form: Timely<RecentAdmin, RuleForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let found = named(doorward, slug)?;
    write((found, None), form, page, (doorward, &caller, now)).await
}

#[get("/applications/<slug>/rules/<number>")]
async fn rule_page(
    _who: RecentAdmin,
    slug: &str,
    number: usize,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let found = named(doorward, slug)?;
    let rule = rule_of(&found, number)?;
    let values = values_of_rule(rule, found.changed_at);
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, &**value)).collect();
    let form = Typed::fresh::<RuleForm>(&page, &values);
    let roles = choices(doorward, &rule.roles, &form).await?;
    Ok(draw(page, form, (&found, Some(number)), roles))
}

#[post("/applications/<slug>/rules/<number>", data = "<form>")]
async fn change(
    slug: &str,
    number: usize,
    form: Timely<RecentAdmin, RuleForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let found = named(doorward, slug)?;
    rule_of(&found, number)?;
    write((found, Some(number)), form, page, (doorward, &caller, now)).await
}

/// Writes a rule in the place of that number, or after the others.
async fn write(
    (found, number): (Arc<Found>, Option<usize>),
    form: Timely<RecentAdmin, RuleForm>,
    page: Page,
    (doorward, caller, now): (&Service, &Caller, Now),
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let slug = &found.application.slug;
    let done = form
        .attempt(&page, async |form: RuleForm| {
            let mut rules = found.draft.rules.clone();
            match number.and_then(|number| rules.get_mut(number)) {
                Some(rule) => *rule = form.rule,
                None => rules.push(form.rule),
            }
            let draft = Draft { rules, ..found.draft.clone() };
            let (draft, application) = parsed(draft, surroundings(doorward))?;
            let actor = who.0.acting(caller, &form.reason.0);
            let change = Change::Replace(slug.clone(), form.seen, draft, application);
            perform(doorward, change, actor, now).await
        })
        .await?;
    match done {
        Ok((first, last)) => Ok(SeeOther::at(format!("/admin/applications/{slug}"))
            .saying(CHANGED.with([0, 0, first, last]))),
        Err((status, form)) => {
            let own = number.and_then(|number| found.draft.rules.get(number));
            let roles = own.map(|rule| rule.roles.clone()).unwrap_or_default();
            let roles = choices(doorward, &roles, &form).await?;
            let drawn = draw(page, form, (&found, number), roles);
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}

struct Removal;

impl FormName for Removal {
    const PURPOSE: &'static str = "remove a rule";
}

fn draw_remove(page: Page, form: Typed, found: &Found, path: &str) -> Html {
    let (slug, name) = (&found.application.slug, &found.application.name);
    page.in_section("admin/applications")
        .render("admin/application_rule_remove.html", context! { form, slug, name, path })
}

#[get("/applications/<slug>/rules/<number>/remove")]
fn remove_page(
    _who: RecentAdmin,
    slug: &str,
    number: usize,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let found = named(doorward, slug)?;
    let path = rule_of(&found, number)?.path.clone();
    let form = Typed::fresh::<ReasonForm<Removal>>(&page, &[]);
    Ok(draw_remove(page, form, &found, &path))
}

#[post("/applications/<slug>/rules/<number>/remove", data = "<form>")]
async fn remove(
    slug: &str,
    number: usize,
    form: Timely<RecentAdmin, ReasonForm<Removal>>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let found = named(doorward, slug)?;
    let path = rule_of(&found, number)?.path.clone();
    let show = |page, form| draw_remove(page, form, &found, &path);
    let (first, last) = form
        .submit(page, show, async |form: ReasonForm<Removal>| {
            let mut rules = found.draft.rules.clone();
            if number >= rules.len() {
                return Err(Error::NotFound);
            }
            rules.remove(number);
            let draft = Draft { rules, ..found.draft.clone() };
            let (draft, application) = parsed(draft, surroundings(doorward))?;
            let actor = who.0.acting(&caller, &form.reason.0);
            let seen = Some(found.changed_at);
            let change = Change::Replace(slug.to_owned(), seen, draft, application);
            perform(doorward, change, actor, now).await
        })
        .await?;
    let to = format!("/admin/applications/{slug}");
    Ok(SeeOther::at(to).saying(CHANGED.with([0, 0, first, last])))
}
