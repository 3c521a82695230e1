//! `/confirm`: giving the password again before a sensitive action.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::Account;
use crate::domain::passwords::policy::Password;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::resent::answer_again;
use crate::web::form::return_to::{OwnPage, fits};
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::guards::{LiveSession, Repeatable};
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![confirm_page, confirm]
}

struct Confirmation {
    password: Password,
    next: OwnPage,
}

impl PageForm for Confirmation {
    const PURPOSE: &'static str = "confirm";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `username`: whose password it is, for password managers; not used
        fields.text("username");
        // `password`: the present password
        let password = fields.secret("password", "Password");
        // `next`: as at `/login`
        let next = OwnPage::parse(&fields.text("next")).unwrap_or_default();
        Some(Self { password: password?, next })
    }
}

#[get("/confirm?<next>")]
fn confirm_page(who: LiveSession, next: Option<&str>, page: Page) -> Html {
    let next = next.and_then(OwnPage::parse).unwrap_or_default().to_string();
    let form = Typed::fresh::<Confirmation>(&page, &[("next", &next)]);
    draw(page, form, &who.account)
}

/// What waits for the password, by its address; of two that fit the first.
const ACTS: [(&str, &str); 37] = [
    ("/account/password", "Change password"),
    ("/account/delete", "Delete account"),
    ("/account/display-name", "Change your display name"),
    ("/account/data.json", "Export your data"),
    ("/account/sessions", "Your sessions"),
    ("/account/tokens", "Personal tokens"),
    ("/account/tokens/new", "Create token"),
    ("/admin/accounts.csv", "Export accounts"),
    ("/admin/accounts.jsonl", "Export accounts"),
    ("/admin/audit.csv", "Export the audit log"),
    ("/admin/audit.jsonl", "Export the audit log"),
    ("/admin/accounts/new", "Create an account"),
    ("/admin/accounts/disable", "Disable accounts"),
    ("/admin/accounts/enable", "Enable accounts"),
    ("/admin/accounts/end-sessions", "End sessions"),
    ("/admin/accounts/delete", "Delete accounts"),
    ("/admin/accounts/add-role", "Add a role to accounts"),
    ("/admin/accounts/remove-role", "Remove a role from accounts"),
    ("/admin/accounts/<id>/edit", "Edit an account"),
    ("/admin/accounts/<id>/roles", "Change the roles of an account"),
    ("/admin/accounts/<id>/recovery", "Create a recovery link"),
    ("/admin/sessions/end", "End sessions"),
    ("/admin/sessions/end-all", "End all sessions"),
    ("/admin/new-role", "Create role"),
    ("/admin/roles/<name>", "Change a role"),
    ("/admin/roles/<name>/remove", "Remove role"),
    ("/admin/revocations/new", "Revoke a token"),
    ("/admin/applications/new", "Add an application"),
    ("/admin/applications/<slug>/edit", "Edit an application"),
    ("/admin/applications/<slug>/remove", "Remove an application"),
    ("/admin/applications/<slug>/new-rule", "Add a rule"),
    ("/admin/applications/<slug>/rules/<number>", "Edit a rule"),
    ("/admin/applications/<slug>/rules/<number>/remove", "Remove a rule"),
    ("/admin/undo/applications", "Undo"),
    ("/admin/undo/disable", "Undo"),
    ("/admin/undo/roles", "Undo"),
    ("/admin/undo/edit", "Undo"),
];

fn act_at(next: &str) -> Option<&'static str> {
    let path = next.split('?').next()?;
    ACTS.iter().find(|(address, _)| fits(address, path)).map(|(_, act)| *act)
}

fn draw(page: Page, form: Typed, account: &Account) -> Html {
    let next = act_at(form.value("next"));
    page.render("confirm.html", context! { form, next, username: &account.username })
}

#[post("/confirm", data = "<form>")]
async fn confirm(
    who: Repeatable<LiveSession>,
    form: Submitted<Confirmation>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let LiveSession { account, principal, .. } = match who {
        Repeatable::First(live) => live,
        Repeatable::Again(before) => {
            let form = form.sent_again()?;
            let to = form.next.after_form();
            return answer_again(doorward, &before, &form.password, &caller, now, SeeOther::at(to))
                .await;
        }
    };
    let show = |page, form| draw(page, form, &account);
    let (issued, next) = form
        .submit(page, show, async |form: Confirmation| {
            let credentials = doorward.credentials();
            let issued = credentials
                .confirm(&account, principal.session, &form.password, &caller.0, now.0)
                .await?;
            Ok((issued, form.next))
        })
        .await?;
    Ok(SeeOther::at(next.after_form()).with_tokens(issued))
}
