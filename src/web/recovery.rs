//! `/recover/<token>`: setting a new password by a one-time link. Looking at
//! the page uses nothing up: mail scanners and previews look, too.

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::{Template, context};

use super::Service;
use super::clock::Now;
use super::failure::Failure;
use super::forms::{Fields, PageForm, Submitted, Typed};
use super::guards::Caller;
use super::message::Message;
use super::page::Page;
use super::seen::Seen;
use crate::Doorward;
use crate::accounts::Account;
use crate::accounts::password::Password;
use crate::credentials;
use crate::error::Error;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![recovery_page, recover]
}

struct Recovery {
    new_password: Password,
}

impl PageForm for Recovery {
    const PURPOSE: &'static str = "recover";
    const NEW_PASSWORD: (&'static str, &'static str) = ("new_password", "New password");

    fn read(fields: &mut Fields) -> Option<Self> {
        // Only there for password managers.
        fields.text("username");
        Some(Self { new_password: fields.secret("new_password", "New password")? })
    }
}

/// The account behind the link, or the page that says the link is used up.
async fn account_of(
    token: &str,
    page: Page,
    doorward: &Doorward,
    now: Now,
) -> Result<(Account, Page), Failure> {
    match credentials::recovering(doorward.db.read(), token, now.0).await {
        Err(Error::NotFound) => Err(gone(page)),
        account => Ok((account?, page)),
    }
}

fn gone(page: Page) -> Failure {
    Failure::Page(Status::NotFound, Box::new(page.render("recovery_gone.html", context! {})))
}

fn draw(page: Page, form: Typed, account: &Account, doorward: &Doorward) -> Template {
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
) -> Result<Template, Failure> {
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
) -> Result<Seen, Failure> {
    let (account, page) = account_of(token, page, doorward, now).await?;
    let show = |page, form| draw(page, form, &account, doorward);
    form.submit(page, show, async |recovery: Recovery| {
        doorward.credentials().recover(token, &recovery.new_password, &caller.0, now.0).await
    })
    .await?;
    Ok(Seen::at("/login").saying(Message::PasswordSet))
}
