//! `/admin/accounts/<id>/recovery`: a link with which a person sets a new password.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::lookup::by_id;
use super::recovery_link::{draw_link, once};
use crate::base::error::Result;
use crate::domain::accounts::Account;
use crate::domain::administration;
use crate::web::admin::reason::{FormName, ReasonForm};
use crate::web::admin::view::account::AccountDetails;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::form::submitted::Typed;
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::CanManageAccounts;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![recovery_page, start_recovery]
}

struct RecoveryLink;

impl FormName for RecoveryLink {
    const PURPOSE: &'static str = "recovery link";
}

fn draw(page: Page, form: Typed, account: Account) -> Html {
    let account = AccountDetails::from(account);
    page.in_section("admin/accounts")
        .render("admin/account_recovery.html", context! { form, account })
}

#[get("/accounts/<id>/recovery")]
async fn recovery_page(
    _who: CanManageAccounts,
    id: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let account = by_id(&doorward.db, id).await?;
    let form = Typed::fresh::<ReasonForm<RecoveryLink>>(&page, &[]);
    Ok(draw(page, form, account))
}

#[post("/accounts/<id>/recovery", data = "<form>")]
async fn start_recovery(
    id: &str,
    form: Timely<CanManageAccounts, ReasonForm<RecoveryLink>>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Html, Failure> {
    let Timely { who, form } = form;
    let account = by_id(&doorward.db, id).await?;
    let life = doorward.settings.recovery_link_life;
    let fingerprint = form.fingerprint();
    let attempt = form.attempt(&page, async |form: ReasonForm<RecoveryLink>| {
        let actor = who.0.acting(&caller, &form.reason.0);
        let (sessions, id) = (&doorward.sessions, account.id);
        let make = async || {
            let token = administration::start_recovery(sessions, id, actor, (life, now.0)).await?;
            Ok((account.clone(), token))
        };
        once(doorward, &fingerprint, now.0, make).await
    });
    match attempt.await? {
        Ok((account, token)) => Ok(draw_link(page, account, false, token, (doorward, now.0))),
        Err((status, form)) => Err(Failure::Page(status, Box::new(draw(page, form, account)))),
    }
}
