//! `/account`: who I am here.

pub(super) mod data;
pub(super) mod delete;
pub(super) mod display_name;
pub(super) mod overview;
pub(super) mod password;
pub(super) mod sessions;
pub(super) mod tokens;

use rocket::{Route, State, get, routes};

use self::overview::Overviews;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::request::guards::SignedIn;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![account_page]
}

#[get("/account")]
async fn account_page(
    who: SignedIn,
    page: Page,
    doorward: &Service,
    overviews: &State<Overviews>,
    now: Now,
) -> Result<Html, Failure> {
    let overview = overviews.of(doorward, &who.0, now.0).await?;
    Ok(page.in_section("account").render("account.html", &*overview))
}
