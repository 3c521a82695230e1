//! `/account`: who I am here, the confirmation of a password, changing it, and
//! the way out for good.

pub(super) mod data;
pub(super) mod overview;
pub(super) mod sessions;

use rocket::{Route, State, get, post, routes};
use rocket_dyn_templates::context;

use self::overview::Overviews;
use crate::base::error::Error;
use crate::domain::accounts::Account;
use crate::domain::administration;
use crate::domain::passwords::policy::Password;
use crate::domain::sessions::Predecessor;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::return_to::Next;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::denial::Denial;
use crate::web::request::guards::{LiveSession, RecentlySignedIn, Repeatable, SignedIn};
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![
        account_page,
        confirm_page,
        confirm,
        password_page,
        change_password,
        deletion_page,
        delete
    ]
}

#[get("/account")]
async fn account_page(
    who: SignedIn,
    page: Page,
    doorward: &Service,
    overviews: &State<Overviews>,
    now: Now,
) -> Result<Html, Failure> {
    let overview = overviews.of(&doorward.db, &who.0, now.0).await?;
    Ok(page.in_section("account").render("account.html", &*overview))
}

struct Confirmation {
    password: Password,
    next: Next,
}

impl PageForm for Confirmation {
    const PURPOSE: &'static str = "confirm";

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("username");
        let password = fields.secret("password", "Password");
        let next = Next::parse(&fields.text("next")).unwrap_or_default();
        Some(Self { password: password?, next })
    }
}

#[get("/confirm?<next>")]
fn confirm_page(who: LiveSession, next: Option<&str>, page: Page) -> Html {
    let next = next.and_then(Next::parse).unwrap_or_default().to_string();
    let form = Typed::fresh::<Confirmation>(&page, &[("next", &next)]);
    draw_confirm(page, form, &who.account)
}

fn draw_confirm(page: Page, form: Typed, account: &Account) -> Html {
    page.render("confirm.html", context! { form, username: &account.username })
}

#[post("/confirm", data = "<form>")]
async fn confirm(
    who: Repeatable<LiveSession>,
    form: Submitted<Confirmation>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let LiveSession { account, principal } = match who {
        Repeatable::First(live) => live,
        Repeatable::Again(before) => {
            let form = form.sent_again()?;
            let to = form.next.to_string();
            return again(doorward, &before, &form.password, &caller, now, SeeOther::at(to)).await;
        }
    };
    let show = |page, form| draw_confirm(page, form, &account);
    let (issued, next) = form
        .submit(page, show, async |form: Confirmation| {
            let credentials = doorward.credentials();
            let issued = credentials
                .confirm(&account, principal.session, &form.password, &caller.0, now.0)
                .await?;
            Ok((issued, form.next))
        })
        .await?;
    Ok(SeeOther::at(next.to_string()).with_tokens(issued))
}

/// Answers a form that renewed the session a moment ago as it was answered
/// then. Whoever cannot be answered so signs in.
async fn again(
    doorward: &Doorward,
    before: &Predecessor,
    password: &Password,
    caller: &Caller,
    now: Now,
    answer: SeeOther,
) -> Result<SeeOther, Failure> {
    let credentials = doorward.credentials();
    match credentials.confirm_again(before, password, &caller.0, now.0).await {
        Ok(issued) => Ok(answer.with_tokens(issued)),
        Err(Error::Refused(_)) => Err(Failure::Denied(Denial::NotSignedIn)),
        Err(error) => Err(error.into()),
    }
}

struct PasswordChange {
    current: Password,
    new: Password,
}

impl PageForm for PasswordChange {
    const PURPOSE: &'static str = "password";
    const NEW_PASSWORD: (&'static str, &'static str) = ("new_password", "New password");
    const PRESENT_PASSWORD: (&'static str, &'static str) = ("current_password", "Current password");

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("username");
        let current = fields.secret("current_password", "Current password");
        let new = fields.secret("new_password", "New password");
        Some(Self { current: current?, new: new? })
    }
}

#[get("/account/password")]
fn password_page(who: RecentlySignedIn, page: Page, doorward: &Service) -> Html {
    let form = Typed::fresh::<PasswordChange>(&page, &[]);
    draw_password(page, form, &who.0.account, doorward)
}

fn draw_password(page: Page, form: Typed, account: &Account, doorward: &Doorward) -> Html {
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
    let changed = SeeOther::at("/account").saying(Message::PasswordChanged);
    let RecentlySignedIn(LiveSession { account, principal }) = match who {
        Repeatable::First(recent) => recent,
        Repeatable::Again(before) => {
            let form = form.sent_again()?;
            let changed = changed.known_from_now_on(before.account);
            return again(doorward, &before, &form.new, &caller, now, changed).await;
        }
    };
    let show = |page, form| draw_password(page, form, &account, doorward);
    let issued = form
        .submit(page, show, async |form: PasswordChange| {
            let (sid, passwords) = (principal.session, (&form.current, &form.new));
            let credentials = doorward.credentials();
            credentials.change_password(&account, sid, passwords, &caller.0, now.0).await
        })
        .await?;
    Ok(changed.with_tokens(issued).known_from_now_on(account.id))
}

struct Deletion {
    password: Password,
}

impl PageForm for Deletion {
    const PURPOSE: &'static str = "delete";

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("username");
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
    Ok(draw_deletion(page, form, &account, last))
}

fn draw_deletion(page: Page, form: Typed, account: &Account, last_admin: bool) -> Html {
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
    let show = |page, form| draw_deletion(page, form, account, false);
    form.submit(page, show, async |form: Deletion| {
        let (credentials, actor) = (doorward.credentials(), who.0.acting(&caller, ""));
        administration::delete_own(&credentials, account, &form.password, actor, now.0).await
    })
    .await?;
    Ok(SeeOther::at("/login").saying(Message::AccountDeleted).signed_out())
}
