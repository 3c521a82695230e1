//! `/admin/applications/<slug>/rules` and `new-rule`: what is needed for parts of an application.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::act::{CHANGED, perform, surroundings};
use super::form::{RuleForm, choices, parsed, values_of_rule};
use crate::base::error;
use crate::base::timestamp::Timestamp;
use crate::domain::applications::{Change, Draft, Found, RuleDraft};
use crate::domain::sessions::Actor;
use crate::service::Doorward;
use crate::web::admin::accounts::role_choices::RoleChoice;
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
    let done = form
        .attempt(&page, async |form: RuleForm| {
            let mut rules = found.draft.rules.clone();
            match number.and_then(|number| rules.get_mut(number)) {
                Some(rule) => *rule = form.rule,
                None => rules.push(form.rule),
            }
            let actor = who.0.acting(caller, &form.reason.0);
            replace((&found, form.seen), rules, doorward, actor, now).await
        })
        .await?;
    match done {
        Ok(events) => Ok(changed(&found, events)),
        Err((status, form)) => {
            let own = number.and_then(|number| found.draft.rules.get(number));
            let roles = own.map_or(&[][..], |rule| &rule.roles);
            let roles = choices(doorward, roles, &form).await?;
            let drawn = draw(page, form, (&found, number), roles);
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}

/// Gives an application, as it was when it was `seen`, these rules. Returns the numbers of the
/// events.
async fn replace(
    (found, seen): (&Found, Option<Timestamp>),
    rules: Vec<RuleDraft>,
    doorward: &Doorward,
    actor: Actor<'_>,
    now: Now,
) -> error::Result<(i64, i64)> {
    let draft = Draft { rules, ..found.draft.clone() };
    let (draft, application) = parsed(draft, surroundings(doorward))?;
    let slug = found.application.slug.clone();
    perform(doorward, Change::Replace(slug, seen, draft, application), actor, now).await
}

/// The way on after that.
fn changed(found: &Found, (first, last): (i64, i64)) -> SeeOther {
    SeeOther::at(format!("/admin/applications/{}", found.application.slug))
        .saying(CHANGED.with([0, 0, first, last]))
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
    let events = form
        .submit(page, show, async |form: ReasonForm<Removal>| {
            let mut rules = found.draft.rules.clone();
            rules.remove(number);
            let actor = who.0.acting(&caller, &form.reason.0);
            replace((&found, Some(found.changed_at)), rules, doorward, actor, now).await
        })
        .await?;
    Ok(changed(&found, events))
}
