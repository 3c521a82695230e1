//! `/admin/accounts/<id>`: one account and its story; and resetting its
//! failed attempts.

use std::collections::BTreeSet;

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;
use sea_orm::DatabaseConnection;

use super::lookup::{by_id, deleted_at};
use crate::base::error::{Error, Result};
use crate::domain::accounts::{self, Account};
use crate::domain::audit::{self, Filter};
use crate::domain::{administration, sessions};
use crate::service::Doorward;
use crate::web::admin::messages::TARGET_OUTRANKS_ACTOR;
use crate::web::admin::view::account::AccountDetails;
use crate::web::admin::view::event::{EventView, event_views};
use crate::web::admin::view::session::SessionRow;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::answer::view::{Moment, grouped};
use crate::web::form::submitted::{Button, Submitted};
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::{CanEndSessions, Staff};

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![account_page, forgive]
}

/// Nobody does that to their own account.
const OWN_ACCOUNT: Message = Message::warning(
    "own-account",
    "Nothing was done: you cannot do this to your own account. Please ask another member of the staff.",
);
/// Staff reset failed attempts.
const FORGIVEN: Message = Message::done(
    "forgiven",
    "Failed attempts were reset. The owner can try to sign in again now.",
);

/// The messages of this file.
pub(in crate::web::admin) const MESSAGES: &[Message] = &[OWN_ACCOUNT, FORGIVEN];

/// Events of the story on one screen.
const STORY: u64 = 30;

#[get("/accounts/<id>")]
async fn account_page(
    who: Staff,
    id: &str,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let account = match by_id(&doorward.db, id).await {
        Err(Failure::Status(Status::NotFound)) => return Err(gone(page, doorward, id).await?),
        account => account?,
    };
    let live = sessions::live_of(db, account.id, now.0).await?;
    let filter = Filter { account: Some(account.id.0), ..Filter::default() };
    let story = audit::list(db, &filter, i64::MAX, STORY).await?;
    let story: Vec<EventView> = event_views(db, story).await?;
    let sessions: Vec<SessionRow> = live.into_iter().map(SessionRow::from).collect();
    let this = who.0.account.id == account.id;
    let locked_until = account.locked_at(now.0).map(Moment::from);
    let failures = failures(db, &account).await?;
    let account = AccountDetails::from(account);
    Ok(page.in_section("admin/accounts").render(
        "admin/account.html",
        context! { account, sessions, story, this, locked_until, failures },
    ))
}

/// More failures are not read from the log.
const FAILURES: u64 = 500;

/// The failed sign-ins since the last one that succeeded, and since the account
/// was unlocked, as in "20 failed sign-ins from 4 addresses".
async fn failures(db: &DatabaseConnection, account: &Account) -> Result<Option<String>> {
    let failures = account.failures_since_unlock();
    if failures <= 0 {
        return Ok(None);
    }
    let (account, event) = (Some(account.id.0), Some(accounts::events::LOGIN_FAILED));
    let filter = Filter { account, event, ..Filter::default() };
    let read = failures.unsigned_abs().min(FAILURES);
    let events = audit::list(db, &filter, i64::MAX, read).await?;
    let addresses: BTreeSet<&str> = events.iter().map(|event| &*event.address).collect();
    let count = |number: u64, one: &str, many: &str| {
        if number == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(number)) }
    };
    let failures = count(failures.unsigned_abs(), "failed sign-in", "failed sign-ins");
    if addresses.is_empty() {
        return Ok(Some(failures));
    }
    Ok(Some(format!("{failures} from {}", count(addresses.len() as u64, "address", "addresses"))))
}

/// Where there is no such account: whether there was one.
async fn gone(page: Page, doorward: &Doorward, id: &str) -> Result<Failure> {
    let Some(at) = deleted_at(&doorward.db, id).await? else {
        return Ok(Failure::Status(Status::NotFound));
    };
    let page = page
        .in_section("admin/accounts")
        .render("admin/account_deleted.html", context! { id, at: Moment::from(at) });
    Ok(Failure::Page(Status::NotFound, Box::new(page)))
}

#[post("/accounts/<id>/forgive", data = "<button>")]
async fn forgive(
    who: CanEndSessions,
    id: &str,
    button: Submitted<Button>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let back = format!("/admin/accounts/{id}");
    button.pressed(page, |page| page.render("retry.html", context! { back }))?;
    let id = by_id(&doorward.db, id).await?.id;
    let (sessions, throttle) = (&doorward.sessions, &doorward.throttle);
    let actor = who.0.acting(&caller, "");
    let message = match administration::lift_throttle(sessions, throttle, id, actor, now.0).await {
        Err(Error::Refused(administration::refusals::TARGET_OUTRANKS_ACTOR)) => {
            TARGET_OUTRANKS_ACTOR
        }
        Err(Error::Refused(administration::refusals::OWN_ACCOUNT)) => OWN_ACCOUNT,
        done => done.map(|_| FORGIVEN)?,
    };
    Ok(SeeOther::at(format!("/admin/accounts/{id}")).saying(message))
}
