//! `/leave`: signing out of one application, or everywhere in this browser.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::applications::Found;
use crate::domain::entries;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::guarding::named::named;
use crate::web::request::caller::Caller;
use crate::web::request::guards::SignedIn;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![leave_page, leave]
}

/// Somebody left an application.
const LEFT: Message = Message::done("application-left", "You are signed out of the application.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[LEFT];

struct Leaving {
    application: String,
}

impl PageForm for Leaving {
    const PURPOSE: &'static str = "leave";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `application`: the short name of an application
        Some(Self { application: fields.text("application") })
    }
}

#[get("/leave?<application>")]
fn leave_page(
    application: &str,
    _who: SignedIn,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let found = named(doorward, application)?;
    let form = Typed::fresh::<Leaving>(&page, &[("application", &found.application.slug)]);
    Ok(draw(page, form, &found))
}

fn draw(page: Page, form: Typed, found: &Found) -> Html {
    page.render("leave.html", context! { form, name: &found.application.name })
}

#[post("/leave", data = "<form>")]
async fn leave(
    who: SignedIn,
    form: Submitted<Leaving>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let SignedIn(principal) = who;
    let show = |page: Page, form: Typed| {
        let name = named(doorward, form.value("application"));
        let name = name.map_or_else(|_| String::new(), |found| found.application.name.clone());
        page.render("leave.html", context! { form, name })
    };
    form.submit(page, show, async |form: Leaving| {
        let catalog = doorward.applications.current();
        let found = catalog.by_slug(&form.application);
        let found = found.ok_or(crate::base::error::Error::NotFound)?;
        let which = (principal.session, found.id);
        entries::leave(&doorward.sessions, &principal, which, &caller.0, now.0).await
    })
    .await?;
    Ok(SeeOther::at("/account").saying(LEFT))
}
