//! `/admin/accounts/<id>/roles`: the roles of one account.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::lookup::by_id;
use super::role_choices::{RoleChoice, all_choices, as_typed};
use crate::base::error::Result;
use crate::base::store::Db;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::Roles;
use crate::domain::accounts::{self, Account};
use crate::domain::administration::{self, Change};
use crate::web::admin::messages::about;
use crate::web::admin::reason::Reason;
use crate::web::admin::view::account::AccountDetails;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::RecentAdmin;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![roles_page, set_roles]
}

/// Staff changed somebody's roles.
const ROLES_CHANGED: Message = Message::done(
    "roles-changed",
    "The roles were changed. They take effect with the next request.",
)
.undone_at("/admin/undo/roles");

/// The messages of this file.
pub(in crate::web::admin) const MESSAGES: &[Message] = &[ROLES_CHANGED];

struct RolesForm {
    /// Those that the account had when the form was drawn.
    shown: Roles,
    roles: Roles,
    reason: Reason,
}

impl PageForm for RolesForm {
    const PURPOSE: &'static str = "roles of an account";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `shown`: the roles that the form was drawn with, with spaces between them; others
        // now: the form is shown again
        let shown = fields.text("shown");
        let shown = Roles::of(shown.split(' ').filter_map(|name| RoleName::parse(name).ok()));
        // `role.NAME`: present or absent, for any number of roles
        let names = fields.all_ticked("role.");
        let roles = Roles::of(names.iter().filter_map(|name| RoleName::parse(name).ok()));
        Some(Self { shown, roles, reason: Reason::read(fields)? })
    }
}

#[get("/accounts/<id>/roles")]
async fn roles_page(
    _who: RecentAdmin,
    id: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let account = by_id(&doorward.db, id).await?;
    let form = Typed::fresh::<RolesForm>(&page, &[]);
    let choices = choices(&doorward.db, &account, &form).await?;
    Ok(draw(page, form, account, choices))
}

/// The roles as they were ticked in the form; as they are, if they were changed
/// since it was drawn: what was ticked before a change by somebody else would undo it.
async fn choices(db: &Db, account: &Account, form: &Typed) -> Result<Vec<RoleChoice>> {
    let choices = all_choices(db, &account.roles).await?;
    let shown = form.value("shown").split(' ').filter(|name| !name.is_empty());
    Ok(if account.roles.names().eq(shown) { as_typed(choices, form) } else { choices })
}

fn draw(page: Page, form: Typed, account: Account, choices: Vec<RoleChoice>) -> Html {
    let shown = account.roles.names().collect::<Vec<_>>().join(" ");
    let account = AccountDetails::from(account);
    page.in_section("admin/accounts")
        .render("admin/account_roles.html", context! { form, account, choices, shown })
}

#[post("/accounts/<id>/roles", data = "<form>")]
async fn set_roles(
    id: &str,
    form: Timely<RecentAdmin, RolesForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let id = by_id(&doorward.db, id).await?.id;
    let attempt = form.attempt(&page, async |form: RolesForm| {
        let actor = who.0.acting(&caller, &form.reason.0);
        let change = Change { shown: Some(&form.shown), roles: &form.roles };
        administration::set_roles(&doorward.sessions, id, change, actor, now.0).await
    });
    let done = match attempt.await? {
        Ok(done) => done,
        Err((status, form)) => {
            let account = accounts::by_id(doorward.db.read(), id).await?;
            let choices = choices(&doorward.db, &account, &form).await?;
            let drawn = draw(page, form, account, choices);
            return Err(Failure::Page(status, Box::new(drawn)));
        }
    };
    // Someone who gives up their own role may not see the page any more.
    let own = who.0.account.id == id;
    let to = if own { "/account".to_owned() } else { format!("/admin/accounts/{id}") };
    Ok(SeeOther::at(to).saying(about(ROLES_CHANGED, &done)))
}
