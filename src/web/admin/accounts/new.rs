//! `/admin/accounts/new`: opening an account for somebody.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::recovery_link::{draw_link, once};
use super::role_choices::{RoleChoice, all_choices, as_typed};
use crate::base::error::Result;
use crate::domain::accounts::names::{EmailAddress, RoleName, Username};
use crate::domain::accounts::permissions::Roles;
use crate::domain::administration;
use crate::web::admin::reason::Reason;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::RecentAdmin;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![new_account_page, add_account]
}

struct NewAccountForm {
    username: Username,
    email: EmailAddress,
    roles: Roles,
    reason: Reason,
}

impl PageForm for NewAccountForm {
    const PURPOSE: &'static str = "new account";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `username`: as at `/register`, but names like `admin` are allowed
        let username = fields.parsed("username", "User name", Username::parse);
        // `email`: as at `/register`
        let email = fields.parsed("email", "E-mail address", EmailAddress::parse);
        // `role.NAME`: present or absent, for any number of roles
        let names = fields.all_ticked("role.");
        let roles = Roles::of(names.iter().filter_map(|name| RoleName::parse(name).ok()));
        let reason = Reason::read(fields);
        Some(Self { username: username?, email: email?, roles, reason: reason? })
    }
}

#[get("/accounts/new")]
async fn new_account_page(
    _who: RecentAdmin,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let choices = all_choices(&doorward.db, &Roles::default()).await?;
    let form = Typed::fresh::<NewAccountForm>(&page, &[]);
    Ok(draw(page, form, choices))
}

fn draw(page: Page, form: Typed, choices: Vec<RoleChoice>) -> Html {
    let choices = as_typed(choices, &form);
    page.in_section("admin/accounts").render("admin/account_new.html", context! { form, choices })
}

#[post("/accounts/new", data = "<form>")]
async fn add_account(
    form: Timely<RecentAdmin, NewAccountForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Html, Failure> {
    let Timely { who, form } = form;
    let life = doorward.settings.recovery_link_life;
    let fingerprint = form.fingerprint();
    let attempt = form.attempt(&page, async |new: NewAccountForm| {
        let actor = who.0.acting(&caller, &new.reason.0);
        let names = (new.username, new.email);
        let credentials = doorward.credentials();
        let make = async || {
            administration::invite(&credentials, names, new.roles, actor, (life, now.0)).await
        };
        once(doorward, &fingerprint, now.0, make).await
    });
    match attempt.await? {
        Ok((account, token)) => Ok(draw_link(page, account, true, token, (doorward, now.0))),
        Err((status, form)) => {
            let choices = all_choices(&doorward.db, &Roles::default()).await?;
            Err(Failure::Page(status, Box::new(draw(page, form, choices))))
        }
    }
}
