//! `/admin/accounts/<id>/edit`: the names of one account.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::lookup::by_id;
use crate::base::error::Result;
use crate::domain::accounts::Account;
use crate::domain::accounts::names::{DisplayName, EmailAddress, Username};
use crate::domain::administration::{self, Edit};
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
use crate::web::request::staff_guards::CanManageAccounts;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![edit_page, edit]
}

/// Staff gave an account other names.
const EDITED: Message =
    Message::done("edited", "The account was changed.").undone_at("/admin/undo/edit");

/// The messages of this file.
pub(in crate::web::admin) const MESSAGES: &[Message] = &[EDITED];

struct EditForm {
    edit: Edit,
    reason: Reason,
}

impl PageForm for EditForm {
    const PURPOSE: &'static str = "edit an account";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `shown_username`: the user name that the form was drawn with; a name that was not
        // edited stays as somebody else may have changed it since
        let username = fields.text("shown_username");
        // `shown_email`: the same of the e-mail address
        let email = fields.text("shown_email");
        // `shown_display_name`: the same of the display name
        let display_name = fields.text("shown_display_name");
        // `username`: as at `/register`, but names like `admin` are allowed
        let new_username = fields.parsed("username", "User name", Username::parse);
        // `email`: as at `/register`
        let new_email = fields.parsed("email", "E-mail address", EmailAddress::parse);
        // `display_name`: up to 64 letters, digits, spaces and punctuation of names; may be empty
        let new_name = fields.parsed("display_name", "Display name", DisplayName::parse);
        let reason = Reason::read(fields);
        let edit = Edit {
            username: Some(new_username?).filter(|new| new.typed() != username),
            email: Some(new_email?).filter(|new| new.typed() != email),
            display_name: Some(new_name?).filter(|new| new.as_str() != display_name),
        };
        Some(Self { edit, reason: reason? })
    }
}

#[get("/accounts/<id>/edit")]
async fn edit_page(
    _who: CanManageAccounts,
    id: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let account = by_id(&doorward.db, id).await?;
    let names = [
        ("username", &*account.username),
        ("email", &account.email),
        ("display_name", &account.display_name),
        ("shown_username", &account.username),
        ("shown_email", &account.email),
        ("shown_display_name", &account.display_name),
    ];
    let form = Typed::fresh::<EditForm>(&page, &names);
    Ok(draw(page, form, account))
}

fn draw(page: Page, form: Typed, account: Account) -> Html {
    let account = AccountDetails::from(account);
    page.in_section("admin/accounts").render("admin/account_edit.html", context! { form, account })
}

#[post("/accounts/<id>/edit", data = "<form>")]
async fn edit(
    id: &str,
    form: Timely<CanManageAccounts, EditForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let account = by_id(&doorward.db, id).await?;
    let id = account.id;
    let show = |page, form| draw(page, form, account);
    let done = form
        .submit(page, show, async |form: EditForm| {
            let actor = who.0.acting(&caller, &form.reason.0);
            administration::edit(
                &doorward.sessions,
                &doorward.throttle,
                id,
                &form.edit,
                actor,
                now.0,
            )
            .await
        })
        .await?;
    Ok(SeeOther::at(format!("/admin/accounts/{id}")).saying(about(EDITED, &done)))
}
