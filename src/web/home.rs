//! `/`: on to the account, or to the sign-in page.

use rocket::{Route, get, routes};

use crate::web::answer::redirect::SeeOther;
use crate::web::request::identity::MaybeSignedIn;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![home]
}

#[get("/")]
fn home(who: MaybeSignedIn<'_>) -> SeeOther {
    SeeOther::at(if who.is_signed_in() { "/account" } else { "/login" })
}
