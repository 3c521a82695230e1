//! `/register`: opening an account.

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::names::{EmailAddress, Username};
use crate::domain::accounts::{self, NewAccount};
use crate::service::Doorward;
use crate::service::settings::Registration;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::return_to::OwnPage;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![registration_page, register]
}

/// After registration.
const ACCOUNT_OPENED: Message =
    Message::done("account-opened", "Your account was created. Sign in.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[ACCOUNT_OPENED];

impl PageForm for NewAccount {
    const PURPOSE: &'static str = "register";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `username`: 3 to 32 of `a-z`, `0-9`, `.`, `_`, `-` after NFKC and small letters; begins
        // and ends with a letter or digit; unique in that form, and none by which an application
        // knows another account; names like `admin` only at setup and the command line
        let username = fields.parsed("username", "User name", Username::parse);
        // `email`: at most 254 bytes, one `@`, local part at most 64 bytes, a host name; no
        // spaces, controls or invisible characters; unique in small letters, the host as
        // `xn--` labels; no word of two alphabets at `/register`, and staff see a mark
        let email = fields.parsed("email", "E-mail address", EmailAddress::parse);
        // `password`: a new password, see below
        let names = [
            username.as_ref().map_or("", Username::canonical),
            email.as_ref().map_or("", EmailAddress::canonical),
        ];
        let password = fields.new_password(Self::NEW_PASSWORD, names);
        Some(Self { username: username?, email: email?, password: password? })
    }
}

/// A new account, and the page that somebody came from.
struct Registering {
    account: NewAccount,
    next: Option<OwnPage>,
}

impl PageForm for Registering {
    const PURPOSE: &'static str = NewAccount::PURPOSE;

    fn read(fields: &mut Fields) -> Option<Self> {
        // `next`: as at `/login`, where it is passed on
        let next = OwnPage::parse(&fields.text("next"));
        Some(Self { account: NewAccount::read(fields)?, next })
    }
}

/// Passes while anybody may open an account. Else there is no such page.
fn while_open(doorward: &Doorward) -> Result<(), Failure> {
    match doorward.settings.web.registration {
        Registration::Open => Ok(()),
        Registration::Closed => Err(Failure::Status(Status::NotFound)),
    }
}

#[get("/register?<next>")]
async fn registration_page(
    next: Option<&str>,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    while_open(doorward)?;
    let next = next.and_then(OwnPage::parse).map(|next| next.to_string()).unwrap_or_default();
    let form = Typed::fresh::<Registering>(&page, &[("next", &next)]);
    Ok(draw(page, form, doorward, doorward.awaits_setup().await))
}

fn draw(page: Page, form: Typed, doorward: &Doorward, awaits_setup: bool) -> Html {
    let password_min_length = doorward.settings.password_min_length;
    page.render("registration.html", context! { form, password_min_length, awaits_setup })
}

#[post("/register", data = "<form>")]
async fn register(
    form: Submitted<Registering>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    while_open(doorward)?;
    let awaits_setup = doorward.awaits_setup().await;
    let next = form
        .submit(
            page,
            |page, form| draw(page, form, doorward, awaits_setup),
            async |new: Registering| {
                let (passwords, rules) = (doorward.passwords(), &doorward.rules);
                accounts::register(passwords, rules, new.account, &caller.0, now.0).await?;
                Ok(new.next)
            },
        )
        .await?;
    let sign_in = match next {
        Some(next) => format!("/login?next={}", next.encoded()),
        None => "/login".to_owned(),
    };
    Ok(SeeOther::at(sign_in).saying(ACCOUNT_OPENED))
}
