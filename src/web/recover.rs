//! `/recover/<token>`: setting a new password by a one-time link. Looking at
//! the page uses nothing up: mail scanners and previews look, too.

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::base::error::Error;
use crate::domain::accounts::Account;
use crate::domain::one_time;
use crate::domain::passwords::policy::Password;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![recovery_page, recover]
}

/// After setting a password through a recovery link.
const PASSWORD_SET: Message =
    Message::done("password-set", "Your password was set. Sign in with it.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[PASSWORD_SET];

struct Recovery {
    new_password: Password,
}

impl PageForm for Recovery {
    const PURPOSE: &'static str = "recover";
    const NEW_PASSWORD: (&'static str, &'static str) = ("new_password", "New password");

    fn read(fields: &mut Fields) -> Option<Self> {
        // `username`: whose password it is, for password managers; not used
        fields.text("username");
        // `new_password`: a new password
        Some(Self { new_password: fields.new_password(Self::NEW_PASSWORD, ["", ""])? })
    }
}

/// The account behind the link, or the page that says the link is used up.
async fn account_of(
    token: &str,
    page: Page,
    doorward: &Doorward,
    now: Now,
) -> Result<(Account, Page), Failure> {
    match one_time::recovering(doorward.db.read(), token, now.0).await {
        Err(Error::NotFound) => Err(gone(page)),
        account => Ok((account?, page)),
    }
}

fn gone(page: Page) -> Failure {
    Failure::Page(Status::NotFound, Box::new(page.render("recovery_gone.html", context! {})))
}

fn draw(page: Page, form: Typed, account: &Account, doorward: &Doorward) -> Html {
    let password_min_length = doorward.settings.password_min_length;
    let username = &account.username;
    page.render("recovery.html", context! { form, username, password_min_length })
}

#[get("/recover/<token>")]
async fn recovery_page(
    token: &str,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let (account, page) = account_of(token, page, doorward, now).await?;
    let form = Typed::fresh::<Recovery>(&page, &[]);
    Ok(draw(page, form, &account, doorward))
}

#[post("/recover/<token>", data = "<form>")]
async fn recover(
    token: &str,
    form: Submitted<Recovery>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let (account, page) = account_of(token, page, doorward, now).await?;
    let show = |page, form| draw(page, form, &account, doorward);
    form.submit(page, show, async |recovery: Recovery| {
        doorward.credentials().recover(token, &recovery.new_password, &caller.0, now.0).await
    })
    .await?;
    Ok(SeeOther::at("/login").saying(PASSWORD_SET))
}
