//! `/account/password`: changing the password.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::Account;
use crate::domain::passwords::policy::Password;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::resent::answer_again;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::guards::{LiveSession, RecentlySignedIn, Repeatable};
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![password_page, change_password]
}

/// After changing the password.
const PASSWORD_CHANGED: Message = Message::done(
    "password-changed",
    "Your password was changed, and all other sessions were signed out.",
);

/// The messages of this file.
pub const MESSAGES: &[Message] = &[PASSWORD_CHANGED];

struct PasswordChange {
    current: Password,
    new: Password,
    keeps_tokens: bool,
}

impl PageForm for PasswordChange {
    const PURPOSE: &'static str = "password";
    const NEW_PASSWORD: (&'static str, &'static str) = ("new_password", "New password");
    const PRESENT_PASSWORD: (&'static str, &'static str) = ("current_password", "Current password");

    fn read(fields: &mut Fields) -> Option<Self> {
        // `username`: whose password it is, for password managers; not used
        fields.text("username");
        // `current_password`: the present password
        let current = fields.secret("current_password", "Current password");
        // `new_password`: a new password, another than the present one
        let new = fields.new_password(Self::NEW_PASSWORD, ["", ""]);
        // `keep_tokens`: ticked or not
        let keeps_tokens = fields.ticked("keep_tokens");
        Some(Self { current: current?, new: new?, keeps_tokens })
    }
}

#[get("/account/password")]
fn password_page(who: RecentlySignedIn, page: Page, doorward: &Service) -> Html {
    let form = Typed::fresh::<PasswordChange>(&page, &[]);
    draw(page, form, &who.0.account, doorward)
}

fn draw(page: Page, form: Typed, account: &Account, doorward: &Doorward) -> Html {
    let password_min_length = doorward.settings.password_min_length;
    let username = &account.username;
    page.in_section("password")
        .render("account_password.html", context! { form, username, password_min_length })
}

#[post("/account/password", data = "<form>")]
async fn change_password(
    who: Repeatable<RecentlySignedIn>,
    form: Submitted<PasswordChange>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let changed = SeeOther::at("/account").saying(PASSWORD_CHANGED);
    let RecentlySignedIn(LiveSession { account, principal, .. }) = match who {
        Repeatable::First(recent) => recent,
        Repeatable::Again(before) => {
            let form = form.sent_again()?;
            let changed = changed.known_from_now_on(before.account);
            return answer_again(doorward, &before, &form.new, &caller, now, changed).await;
        }
    };
    let show = |page, form| draw(page, form, &account, doorward);
    let issued = form
        .submit(page, show, async |form: PasswordChange| {
            let (sid, passwords) =
                (principal.session, (&form.current, &form.new, form.keeps_tokens));
            let credentials = doorward.credentials();
            credentials.change_password(&account, sid, passwords, &caller.0, now.0).await
        })
        .await?;
    Ok(changed.with_tokens(issued).known_from_now_on(account.id))
}
