//! `/account/display-name`: what other people read of one's name.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::names::DisplayName;
use crate::domain::administration;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::guards::RecentlySignedIn;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![display_name_page, set_display_name]
}

/// After changing it.
const NAME_CHANGED: Message = Message::done("name-changed", "Your display name was changed.");
/// It was that already.
const NAME_KEPT: Message = Message::notice("name-kept", "Nothing changed.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[NAME_CHANGED, NAME_KEPT];

struct OwnName(DisplayName);

impl PageForm for OwnName {
    const PURPOSE: &'static str = "display name";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `display_name`: as at `/admin/accounts/<id>/edit`
        fields.parsed("display_name", "Display name", DisplayName::parse).map(Self)
    }
}

#[get("/account/display-name")]
fn display_name_page(who: RecentlySignedIn, page: Page) -> Html {
    let name = &who.0.account.display_name;
    let form = Typed::fresh::<OwnName>(&page, &[("display_name", name)]);
    draw(page, form)
}

fn draw(page: Page, form: Typed) -> Html {
    page.in_section("data").render("account_display_name.html", context! { form })
}

#[post("/account/display-name", data = "<form>")]
async fn set_display_name(
    form: Timely<RecentlySignedIn, OwnName>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let changed = form
        .submit(page, draw, async |OwnName(name)| {
            let (sessions, throttle) = (&doorward.sessions, &doorward.throttle);
            let actor = who.0.acting(&caller, "");
            administration::set_own_display_name(sessions, throttle, &name, actor, now.0).await
        })
        .await?;
    let message = if changed { NAME_CHANGED } else { NAME_KEPT };
    Ok(SeeOther::at("/account").saying(message))
}
