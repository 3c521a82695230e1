//! `/admin/roles`: what the built-in roles mean, and roles of one's own.

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;
use serde::Serialize;

use super::reason::{FormName, Reason, ReasonForm};
use crate::base::error::Result;
use crate::domain::accounts::custom_roles::{self, CustomRole};
use crate::domain::accounts::names::RoleName;
use crate::domain::administration;
use crate::service::Doorward;
use crate::service::words::BUILT_IN_ROLES;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::{Admin, RecentAdmin};

pub(super) fn routes() -> Vec<Route> {
    routes![roles_page, new_page, create, role_page, change, remove_page, remove]
}

/// An administrator made a role.
const ROLE_CREATED: Message = Message::done("role-created", "The role was created.");
/// An administrator renamed or described a role.
const ROLE_CHANGED: Message = Message::done("role-changed", "The role was changed.");
/// An administrator removed a role, from so many accounts.
const ROLE_REMOVED: Message =
    Message::done("role-removed", "The role was removed. Accounts that had it: {0}.");

/// The messages of this file.
pub(super) const MESSAGES: &[Message] = &[ROLE_CREATED, ROLE_CHANGED, ROLE_REMOVED];

/// A role with the number of its holders.
#[derive(Serialize)]
struct Row {
    name: String,
    description: String,
    holders: u64,
    built_in: bool,
}

async fn rows(doorward: &Doorward) -> Result<Vec<Row>> {
    let db = doorward.db.read();
    let built_in = BUILT_IN_ROLES.into_iter().map(|(name, words)| (name, words, true));
    let own = custom_roles::list(db).await?;
    let own = own.iter().map(|role| (role.name.as_str(), role.description.as_str(), false));
    let mut rows = vec![];
    for (name, description, built_in) in built_in.chain(own) {
        let holders = custom_roles::holders(db, name).await?;
        let (name, description) = (name.to_owned(), description.to_owned());
        rows.push(Row { name, description, holders, built_in });
    }
    Ok(rows)
}

#[get("/roles")]
async fn roles_page(_who: Admin, page: Page, doorward: &Service) -> Result<Html, Failure> {
    let roles = rows(doorward).await?;
    Ok(page.in_section("admin/roles").render("admin/roles.html", context! { roles }))
}

/// What a role is called and what it is for.
struct RoleForm {
    name: RoleName,
    description: String,
    reason: Reason,
}

impl PageForm for RoleForm {
    const PURPOSE: &'static str = "role";

    fn read(fields: &mut Fields) -> Option<Self> {
        const MOST: usize = 200;
        // `name`: 2 to 32 of `a-z`, `0-9`, `-`, a letter first; unique, not built in
        let name = fields.parsed("name", "Name", RoleName::parse);
        // `description`: at most 200 characters in one line; may be empty
        let description = fields.parsed("description", "Description", |text| {
            let text = text.trim();
            if text.chars().count() > MOST || text.contains(char::is_control) {
                return Err("At most 200 characters, in one line.");
            }
            Ok(text.to_owned())
        });
        let reason = Reason::read(fields);
        Some(Self { name: name?, description: description?, reason: reason? })
    }
}

fn draw_new(page: Page, form: Typed) -> Html {
    page.in_section("admin/roles").render("admin/role_new.html", context! { form })
}

#[get("/new-role")]
fn new_page(_who: RecentAdmin, page: Page) -> Html {
    let form = Typed::fresh::<RoleForm>(&page, &[]);
    draw_new(page, form)
}

#[post("/new-role", data = "<form>")]
async fn create(
    form: Timely<RecentAdmin, RoleForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    form.submit(page, draw_new, async |role: RoleForm| {
        let actor = who.0.acting(&caller, &role.reason.0);
        let (name, words) = (&role.name, &role.description);
        administration::create_role(&doorward.sessions, name, words, actor, now.0).await
    })
    .await?;
    Ok(SeeOther::at("/admin/roles").saying(ROLE_CREATED))
}

/// A role of one's own with its holders; a built-in one cannot be changed.
async fn own(doorward: &Doorward, name: &str) -> Result<(CustomRole, u64), Failure> {
    let db = doorward.db.read();
    let roles = custom_roles::list(db).await?;
    let role = roles.into_iter().find(|role| role.name == name);
    let role = role.ok_or(Failure::Status(Status::NotFound))?;
    let holders = custom_roles::holders(db, name).await?;
    Ok((role, holders))
}

fn draw_role(page: Page, form: Typed, (role, holders): (CustomRole, u64)) -> Html {
    page.in_section("admin/roles")
        .render("admin/role.html", context! { form, name: role.name, holders })
}

#[get("/roles/<name>")]
async fn role_page(
    _who: RecentAdmin,
    name: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let role = own(doorward, name).await?;
    let values = [("name", name), ("description", role.0.description.as_str())];
    let form = Typed::fresh::<RoleForm>(&page, &values);
    Ok(draw_role(page, form, role))
}

#[post("/roles/<name>", data = "<form>")]
async fn change(
    name: &str,
    form: Timely<RecentAdmin, RoleForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let role = own(doorward, name).await?;
    let show = |page, form| draw_role(page, form, role);
    form.submit(page, show, async |new: RoleForm| {
        let actor = who.0.acting(&caller, &new.reason.0);
        let (to, words) = (&new.name, &new.description);
        administration::rename_role(&doorward.sessions, name, to, words, actor, now.0).await
    })
    .await?;
    Ok(SeeOther::at("/admin/roles").saying(ROLE_CHANGED))
}

struct Removal;

impl FormName for Removal {
    const PURPOSE: &'static str = "remove a role";
}

fn draw_remove(page: Page, form: Typed, (role, holders): (CustomRole, u64)) -> Html {
    page.in_section("admin/roles")
        .render("admin/role_remove.html", context! { form, name: role.name, holders })
}

#[get("/roles/<name>/remove")]
async fn remove_page(
    _who: RecentAdmin,
    name: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let role = own(doorward, name).await?;
    let form = Typed::fresh::<ReasonForm<Removal>>(&page, &[]);
    Ok(draw_remove(page, form, role))
}

#[post("/roles/<name>/remove", data = "<form>")]
async fn remove(
    name: &str,
    form: Timely<RecentAdmin, ReasonForm<Removal>>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let role = own(doorward, name).await?;
    let show = |page, form| draw_remove(page, form, role);
    let holders = form
        .submit(page, show, async |form: ReasonForm<Removal>| {
            let actor = who.0.acting(&caller, &form.reason.0);
            administration::remove_role(&doorward.sessions, name, actor, now.0).await
        })
        .await?;
    Ok(SeeOther::at("/admin/roles").saying(ROLE_REMOVED.counting(holders)))
}
