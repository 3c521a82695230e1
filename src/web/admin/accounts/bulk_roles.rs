//! `/admin/accounts/add-role` and `remove-role`: a role for many accounts.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::role_choices::all_choices;
use super::selection::{Selection, Subjects, Ticked};
use crate::base::error::{Error, Result};
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::Roles;
use crate::domain::administration::{self, RoleChange, refusals};
use crate::service::Doorward;
use crate::web::admin::messages::about;
use crate::web::admin::reason::Reason;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::guards::LiveSession;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::RecentAdmin;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![add_role_page, add_role, remove_role_page, remove_role]
}

/// Staff gave a role to accounts.
const ROLE_ADDED: Message =
    Message::done("role-added", "Accounts that got the role: {0}.").undone_at("/admin/undo/roles");
/// Staff took a role from accounts.
const ROLE_REMOVED: Message =
    Message::done("role-taken", "Accounts that lost the role: {0}.").undone_at("/admin/undo/roles");

/// The messages of this file.
pub(in crate::web::admin) const MESSAGES: &[Message] = &[ROLE_ADDED, ROLE_REMOVED];

struct BulkRoleForm {
    selection: Selection,
    role: RoleName,
    reason: Reason,
}

impl PageForm for BulkRoleForm {
    const PURPOSE: &'static str = "role of accounts";

    fn read(fields: &mut Fields) -> Option<Self> {
        let selection = Selection::read(fields);
        // `role`: the name of a role
        let role = fields
            .parsed("role", "Role", |text| RoleName::parse(text).map_err(|_| "Choose a role."));
        let reason = Reason::read(fields);
        Some(Self { selection, role: role?, reason: reason? })
    }
}

/// Whether a role is given or taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Add,
    Remove,
}

async fn preview(
    which: Which,
    selection: Selection,
    page: Page,
    form: Option<Typed>,
    (doorward, now): (&Doorward, Now),
) -> Result<Html, Failure> {
    let shown = Subjects::of(&selection, doorward, now.0).await?.shown(&selection, now.0);
    let form = form.unwrap_or_else(|| Typed::fresh::<BulkRoleForm>(&page, &[]));
    let choices = all_choices(&doorward.db, &Roles::default()).await?;
    let is_add = which == Which::Add;
    Ok(page
        .in_section("admin/accounts")
        .render("admin/act_roles.html", context! { form, shown, choices, is_add }))
}

async fn perform(
    which: Which,
    form: Submitted<BulkRoleForm>,
    page: Page,
    who: &LiveSession,
    (doorward, caller, now): (&Doorward, &Caller, Now),
) -> Result<SeeOther, Failure> {
    let selection = Selection::typed(&form);
    let attempt = form.attempt(&page, async |form: BulkRoleForm| {
        let ids = form.selection.ids_as_shown(&doorward.db, now.0).await?;
        let actor = who.acting(caller, &form.reason.0);
        let change = match which {
            Which::Add => RoleChange::Add(&form.role),
            Which::Remove => RoleChange::Remove(&form.role),
        };
        let done = administration::change_role(&doorward.sessions, change, &ids, actor, now.0);
        match done.await {
            // The accounts were deleted meanwhile.
            Err(Error::NotFound) => Err(refusals::SELECTION_CHANGED.into()),
            done => done,
        }
    });
    match attempt.await? {
        Ok(done) => {
            let message = if which == Which::Add { ROLE_ADDED } else { ROLE_REMOVED };
            Ok(SeeOther::at(selection.back()).saying(about(message, &done)))
        }
        Err((status, typed)) => {
            let drawn = preview(which, selection, page, Some(typed), (doorward, now)).await?;
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}

#[get("/accounts/add-role?<ticked..>")]
async fn add_role_page(
    _who: RecentAdmin,
    ticked: Ticked<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let selection = Selection::asked(ticked, &page);
    preview(Which::Add, selection, page, None, (doorward, now)).await
}

#[post("/accounts/add-role", data = "<form>")]
async fn add_role(
    form: Timely<RecentAdmin, BulkRoleForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    perform(Which::Add, form, page, &who.0, (doorward, &caller, now)).await
}

#[get("/accounts/remove-role?<ticked..>")]
async fn remove_role_page(
    _who: RecentAdmin,
    ticked: Ticked<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let selection = Selection::asked(ticked, &page);
    preview(Which::Remove, selection, page, None, (doorward, now)).await
}

#[post("/accounts/remove-role", data = "<form>")]
async fn remove_role(
    form: Timely<RecentAdmin, BulkRoleForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    perform(Which::Remove, form, page, &who.0, (doorward, &caller, now)).await
}
