//! `/setup`: making the first administrator, who is then signed in. There is no
//! such page afterwards.

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::{self, NewAccount};
use crate::domain::sessions::{Audience, NewSession};
use crate::service::Doorward;
use crate::service::setup::token;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::identity::MaybeSignedIn;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![setup_page, set_up]
}

/// After setup.
const SET_UP: Message = Message::done("set-up", "The administrator account was created.");

/// The same, where the administrator could not be signed in, or sends the form again.
const SIGN_IN: Message = Message::done(
    "set-up-sign-in",
    "There is an administrator account. Sign in with its name and password.",
);

/// The messages of this file.
pub const MESSAGES: &[Message] = &[SET_UP, SIGN_IN];

struct Setup {
    token: String,
    admin: NewAccount,
}

impl PageForm for Setup {
    const PURPOSE: &'static str = "setup";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `token`: the unused setup token of the last hour
        let token = fields.text("token");
        Some(Self { token: token.trim().to_owned(), admin: NewAccount::read(fields)? })
    }
}

#[get("/setup?<token>")]
async fn setup_page(token: Option<&str>, page: Page, doorward: &Service) -> Result<Html, Failure> {
    if accounts::count_admins(doorward.db.read()).await? > 0 {
        return Err(Failure::Status(Status::NotFound));
    }
    let form = Typed::fresh::<Setup>(&page, &[("token", token.unwrap_or_default())]);
    Ok(draw(page, form, doorward))
}

fn draw(page: Page, form: Typed, doorward: &Doorward) -> Html {
    let password_min_length = doorward.settings.password_min_length;
    page.render("setup.html", context! { form, password_min_length })
}

#[post("/setup", data = "<form>")]
async fn set_up(
    form: Submitted<Setup>,
    page: Page,
    who: MaybeSignedIn<'_>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let show = |page, form| draw(page, form, doorward);
    let verified = form
        .submit(page, show, async |Setup { token, admin }| {
            if accounts::count_admins(doorward.db.read()).await? > 0 {
                return Ok(None);
            }
            doorward.credentials().set_up(&token, &admin, &caller.0, now.0).await.map(Some)
        })
        .await?;
    let Some(verified) = verified else {
        return Ok(SeeOther::at("/login").saying(SIGN_IN));
    };
    token::remove(&doorward.settings.data_dir);
    let replaces = who.replaced();
    let new = NewSession { audience: Audience::Web, remember: false, replaces };
    let issued = match doorward.sessions.sign_in(verified, new, &caller.0, now.0).await {
        Ok(issued) => issued,
        // The account is there, and this page no longer: the form must not be sent again.
        Err(error) => {
            tracing::error!(id = caller.0.request_id, %error, "the administrator is not signed in");
            return Ok(SeeOther::at("/login").saying(SIGN_IN));
        }
    };
    let account = issued.principal.account;
    Ok(SeeOther::at("/admin").with_tokens(issued).known_from_now_on(account).saying(SET_UP))
}
