//! `/account/tokens`: the personal tokens of somebody, for their scripts.

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::base::secrets;
use crate::domain::accounts::Account;
use crate::domain::personal_tokens;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Button, Submitted, Typed};
use crate::web::form::timely::Timely;
use crate::web::guarding::new_token::{NewTokenForm, Offer, id_of_form};
use crate::web::guarding::token_view::views;
use crate::web::request::caller::Caller;
use crate::web::request::guards::{RecentlySignedIn, SignedIn};
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![tokens_page, new_token_page, make, revoke]
}

/// After revoking one.
const TOKEN_REVOKED: Message = Message::done("personal-token-revoked", "The token was revoked.");

/// The messages of this file.
pub const MESSAGES: &[Message] = &[TOKEN_REVOKED];

#[get("/account/tokens")]
async fn tokens_page(
    who: SignedIn,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let listed = personal_tokens::of_account(doorward.db.read(), who.0.account, now.0).await?;
    let tokens = views(doorward, listed);
    Ok(page.in_section("tokens").render("tokens.html", context! { tokens }))
}

fn draw(page: Page, form: Typed, account: &Account, doorward: &Doorward, now: Now) -> Html {
    let offer = Offer::to(doorward, &account.roles, &form, now.0);
    page.in_section("tokens").render("token_new.html", context! { form, offer })
}

#[get("/account/tokens/new")]
fn new_token_page(who: RecentlySignedIn, page: Page, doorward: &Service, now: Now) -> Html {
    let form = Typed::fresh::<NewTokenForm>(&page, &[]);
    draw(page, form, &who.0.account, doorward, now)
}

/// The token is in the answer itself and nowhere else: a redirect would have to
/// keep it somewhere.
#[post("/account/tokens/new", data = "<form>")]
async fn make(
    form: Timely<RecentlySignedIn, NewTokenForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Html, Failure> {
    let Timely { who, form } = form;
    let (live, id) = (who.0, id_of_form(&form.fingerprint()));
    let attempt = form.attempt(&page, async |form: NewTokenForm| {
        let new = form.wanted(doorward, &live.account.roles, now.0)?.known_as(id);
        let (most, actor) = (doorward.settings.personal_token_max_days, live.acting(&caller, ""));
        let made = personal_tokens::make_own(&doorward.sessions, &new, most, actor, now.0).await?;
        Ok(made.map(|made| made.text))
    });
    match attempt.await? {
        Ok(token) => Ok(page.in_section("tokens").render("token_made.html", context! { token })),
        Err((status, form)) => {
            let page = draw(page, form, &live.account, doorward, now);
            Err(Failure::Page(status, Box::new(page)))
        }
    }
}

fn retry(page: Page) -> Html {
    page.in_section("tokens").render("retry.html", context! { back: "/account/tokens" })
}

#[post("/account/tokens/<tid>/revoke", data = "<button>")]
async fn revoke(
    who: RecentlySignedIn,
    tid: &str,
    button: Submitted<Button>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    button.pressed(page, retry)?;
    let id = secrets::decode_id(tid).ok_or(Failure::Status(Status::NotFound))?;
    let actor = who.0.acting(&caller, "");
    personal_tokens::revoke_own(&doorward.sessions, id, actor, now.0).await?;
    Ok(SeeOther::at("/account/tokens").saying(TOKEN_REVOKED))
}
