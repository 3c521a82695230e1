//! `/login`: starting a session, and telling somebody why theirs has ended.

use rocket::response::Responder;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::names::LoginName;
use crate::domain::accounts::permissions::Permission;
use crate::domain::login::{self, Begun, SignIn};
use crate::domain::passwords::policy::Password;
use crate::domain::sessions::{Audience, EndReason, NewSession, Principal};
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::return_to::OwnPage;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::identity::{Identity, MaybeSignedIn};
use crate::web::request::known_browser::KnownBrowser;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![login_page, log_in]
}

struct Login {
    login: LoginName,
    password: Password,
    remember: bool,
    next: Option<OwnPage>,
}

impl PageForm for Login {
    const PURPOSE: &'static str = "login";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `login`: not empty; an address if it has an `@`, else a user name; anything else
        // belongs to nobody
        let login = fields.parsed("login", "User name or e-mail address", |text| {
            if text.trim().is_empty() {
                return Err("Please fill this in.");
            }
            Ok(LoginName::parse(text))
        });
        // `password`: 1 to 256 characters, no controls
        let password = fields.secret("password", "Password");
        // `remember`: present or absent
        let remember = fields.ticked("remember");
        // `next`: a path of our own below `/account`, `/admin` or `/confirm`, at most 512
        // bytes; else `/admin` for staff and `/account` for everybody else
        let next = OwnPage::parse(&fields.text("next"));
        Some(Self { login: login?, password: password?, remember, next })
    }
}

/// Either a page or a way on.
#[derive(Responder)]
enum Shown {
    Page(Html),
    Elsewhere(SeeOther),
}

/// Where somebody begins who did not ask for a page.
fn start_page(who: &Principal) -> OwnPage {
    match who.roles.may(Permission::Look) {
        true => OwnPage::admin(),
        false => OwnPage::default(),
    }
}

#[get("/login?<next>")]
async fn login_page(
    next: Option<&str>,
    page: Page,
    who: MaybeSignedIn<'_>,
    doorward: &Service,
) -> Shown {
    let next = next.and_then(OwnPage::parse);
    if let Identity::SignedIn(principal) = who.0 {
        let next = next.unwrap_or_else(|| start_page(principal));
        return Shown::Elsewhere(SeeOther::at(next.to_string()));
    }
    let next = next.map(|next| next.to_string()).unwrap_or_default();
    let form = Typed::fresh::<Login>(&page, &[("next", &next)]);
    Shown::Page(draw(page, form, doorward.awaits_setup().await))
}

fn draw(page: Page, form: Typed, awaits_setup: bool) -> Html {
    let reason = page.ended.map(sentence);
    page.render("login.html", context! { form, reason, awaits_setup })
}

/// Why somebody was signed out, in a sentence for them.
fn sentence(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Idle => {
            "You were signed out because this browser had not been used for a while."
        }
        EndReason::Absolute => {
            "You were signed out because your session reached its maximum length. This happens regularly."
        }
        EndReason::LoggedOut => "You signed out.",
        EndReason::Replaced => {
            "You were signed out here because you signed in again in this browser."
        }
        EndReason::EndedElsewhere => "You were signed out here from another browser of yours.",
        EndReason::Evicted => {
            "You were signed out here because your account reached its maximum number of sessions."
        }
        EndReason::ByStaff => "You were signed out by an administrator.",
        EndReason::Disabled => "You were signed out because this account was disabled.",
        EndReason::PasswordChanged => {
            "You were signed out because the password of this account was changed."
        }
        EndReason::Reuse => {
            "You were signed out as a precaution: an old sign-in of this browser was used a second time. Somebody may have copied it; a very slow connection or a browser restored from a backup can look the same. If you are not sure, change your password."
        }
        EndReason::KeyRevoked => {
            "You were signed out because the service replaced a key. Nothing is wrong with your account."
        }
        EndReason::Restored => {
            "You were signed out because the service was restored from a backup. Nothing is wrong with your account."
        }
        EndReason::Renewed => {
            "You confirmed your password or signed out all others, and the answer did not reach this browser. Please sign in again. If that was not you, someone has a copy of your session: sign out the sessions you do not recognize, and change your password."
        }
    }
}

#[post("/login", data = "<form>")]
async fn log_in(
    form: Submitted<Login>,
    page: Page,
    who: MaybeSignedIn<'_>,
    known: KnownBrowser,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let (replaces, awaits_setup) = (who.replaced(), doorward.awaits_setup().await);
    let show = |page, form| draw(page, form, awaits_setup);
    let (issued, next) = form
        .submit(page, show, async |login: Login| {
            let Login { login, password, remember, next } = login;
            let who = SignIn { login: &login, password: &password, known: known.0.as_ref() };
            let verified = match login::begin(doorward.passwords(), who, &caller.0, now.0).await? {
                Begun::Done(verified) => *verified,
                Begun::Need(step) => match step {},
            };
            let new = NewSession { audience: Audience::Web, remember, replaces };
            let issued = doorward.sessions.sign_in(verified, new, &caller.0, now.0).await?;
            Ok((issued, next))
        })
        .await?;
    let account = issued.principal.account;
    let next = next.unwrap_or_else(|| start_page(&issued.principal));
    Ok(SeeOther::at(next.after_form()).with_tokens(issued).known_from_now_on(account))
}
