//! `/confirm`: giving the password again before a sensitive action.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::Account;
use crate::domain::passwords::policy::Password;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::resent::answer_again;
use crate::web::form::return_to::OwnPage;
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

fn draw(page: Page, form: Typed, account: &Account) -> Html {
    page.render("confirm.html", context! { form, username: &account.username })
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
            let to = form.next.to_string();
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
    Ok(SeeOther::at(next.to_string()).with_tokens(issued))
}
