//! `/account/delete`: the way out for good.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::Account;
use crate::domain::administration;
use crate::domain::passwords::policy::Password;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::guards::RecentlySignedIn;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![deletion_page, delete]
}

/// After deleting the account.
const ACCOUNT_DELETED: Message =
    Message::done("account-deleted", "Your account and all data stored about you were deleted.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[ACCOUNT_DELETED];

struct Deletion {
    password: Password,
}

impl PageForm for Deletion {
    const PURPOSE: &'static str = "delete";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `username`: whose password it is, for password managers; not used
        fields.text("username");
        // `password`: the present password
        Some(Self { password: fields.secret("password", "Password")? })
    }
}

#[get("/account/delete")]
async fn deletion_page(
    who: RecentlySignedIn,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let account = who.0.account;
    let last = administration::is_last_admin(doorward.db.read(), &account).await?;
    let form = Typed::fresh::<Deletion>(&page, &[]);
    Ok(draw(page, form, &account, last))
}

fn draw(page: Page, form: Typed, account: &Account, last_admin: bool) -> Html {
    let username = &account.username;
    page.in_section("data").render("account_delete.html", context! { form, username, last_admin })
}

#[post("/account/delete", data = "<form>")]
async fn delete(
    who: RecentlySignedIn,
    form: Submitted<Deletion>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let account = &who.0.account;
    let show = |page, form| draw(page, form, account, false);
    form.submit(page, show, async |form: Deletion| {
        let (credentials, actor) = (doorward.credentials(), who.0.acting(&caller, ""));
        administration::delete_own(&credentials, account, &form.password, actor, now.0).await
    })
    .await?;
    Ok(SeeOther::at("/login").saying(ACCOUNT_DELETED).signed_out())
}
