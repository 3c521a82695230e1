//! `/logout`: ending the session of this browser.

use rocket::{Route, post, routes};
use rocket_dyn_templates::context;

use crate::web::answer::failure::Failure;
use crate::web::answer::page::Page;
use crate::web::answer::redirect::{LOGGED_OUT, SeeOther};
use crate::web::form::submitted::{Button, Submitted};
use crate::web::request::caller::Caller;
use crate::web::request::guards::SignedIn;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![log_out]
}

#[post("/logout", data = "<button>")]
async fn log_out(
    who: SignedIn,
    button: Submitted<Button>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    button.pressed(page, |page| page.render("log_out.html", context! {}))?;
    let SignedIn(principal) = who;
    doorward.sessions.log_out(principal.account, principal.session, &caller.0, now.0).await?;
    Ok(SeeOther::at("/login").saying(LOGGED_OUT).signed_out())
}
