//! `/admin/undo`: taking an act back, by the button in the message after it.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::messages::TARGET_OUTRANKS_ACTOR;
use crate::base::error::Error;
use crate::domain::administration::{self, UndoKind, Undone};
use crate::domain::applications;
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::{Message, Note};
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::guards::LiveSession;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::{CanManageAccounts, RecentAdmin};

/// The addresses of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![
        undo_disable_page,
        undo_disable,
        undo_roles_page,
        undo_roles,
        undo_edit_page,
        undo_edit,
        undo_applications_page,
        undo_applications
    ]
}

/// An act was taken back.
const UNDONE: Message = Message::done("undone", "Undone. Ended sessions were not restored.");
/// An application is what it was before.
const APPLICATION_UNDONE: Message = Message::done(
    "application-undone",
    "Undone. The application is as it was before, from the next request on.",
);
/// An act was taken back for so many accounts, and so many were changed since.
const PARTLY_UNDONE: Message = Message::warning(
    "partly-undone",
    "Accounts undone: {0}. Not undone, because they changed since: {1}.",
);
/// An act was taken back for so many accounts, and then something failed.
const UNDO_STOPPED: Message = Message::warning(
    "undo-stopped",
    "The undo stopped before the end. Accounts undone: {0}. Not undone: {1}. The reason is in the server's log.",
);
/// It could not be taken back any more.
const NOT_UNDONE: Message = Message::warning(
    "not-undone",
    "This can no longer be undone: it was changed again, or too much time has passed.",
);

/// The messages of this file.
pub(super) const MESSAGES: &[Message] =
    &[UNDONE, APPLICATION_UNDONE, PARTLY_UNDONE, UNDO_STOPPED, NOT_UNDONE];

struct Undo {
    first: i64,
    last: i64,
}

impl PageForm for Undo {
    const PURPOSE: &'static str = "std";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `first`: the number of an audit event, from the message's own button
        // `last`: the same, of the last one
        let mut number = |name| fields.text(name).parse().ok();
        let (first, last) = (number("first"), number("last"));
        Some(Self { first: first?, last: last? })
    }
}

async fn undo(
    kind: UndoKind,
    form: Submitted<Undo>,
    page: Page,
    who: &LiveSession,
    (doorward, caller, now): (&Doorward, &Caller, Now),
) -> Result<SeeOther, Failure> {
    let retry = |page: Page, _| {
        page.in_section("admin/accounts").render("retry.html", context! { back: "/admin/accounts" })
    };
    let done = form
        .submit(page, retry, async |undo: Undo| {
            let actor = who.acting(caller, "taken back");
            let events = (undo.first, undo.last);
            match administration::undo(
                &doorward.sessions,
                &doorward.throttle,
                kind,
                events,
                actor,
                now.0,
            )
            .await
            {
                Ok(undone) => Ok(note(undone)),
                Err(Error::Refused(administration::refusals::TOO_LATE_TO_UNDO)) => {
                    Ok(NOT_UNDONE.into())
                }
                Err(Error::Refused(administration::refusals::TARGET_OUTRANKS_ACTOR)) => {
                    Ok(TARGET_OUTRANKS_ACTOR.into())
                }
                Err(error) => Err(error),
            }
        })
        .await?;
    Ok(SeeOther::at("/admin/accounts").saying(done))
}

/// What came of an undo.
fn note(undone: Undone) -> Note {
    let Undone { accounts, left, unreached } = undone;
    let message = match (unreached, left) {
        (0, 0) => UNDONE,
        (0, _) => PARTLY_UNDONE,
        _ => UNDO_STOPPED,
    };
    message.with([accounts as i64, (left + unreached) as i64, 0, 0])
}

/// The button again, for a person who had to give the password after it was pressed.
fn draw(page: Page) -> Html {
    let form = Typed::fresh::<Undo>(&page, &[]);
    page.in_section("admin/accounts").render("admin/undo.html", context! { form })
}

#[get("/undo/disable")]
fn undo_disable_page(_who: CanManageAccounts, page: Page) -> Html {
    draw(page)
}

#[post("/undo/disable", data = "<form>")]
async fn undo_disable(
    form: Timely<CanManageAccounts, Undo>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    undo(UndoKind::Disabled, form, page, &who.0, (doorward, &caller, now)).await
}

#[get("/undo/roles")]
fn undo_roles_page(_who: RecentAdmin, page: Page) -> Html {
    draw(page)
}

#[post("/undo/roles", data = "<form>")]
async fn undo_roles(
    form: Timely<RecentAdmin, Undo>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    undo(UndoKind::Roles, form, page, &who.0, (doorward, &caller, now)).await
}

#[get("/undo/edit")]
fn undo_edit_page(_who: CanManageAccounts, page: Page) -> Html {
    draw(page)
}

#[post("/undo/edit", data = "<form>")]
async fn undo_edit(
    form: Timely<CanManageAccounts, Undo>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    undo(UndoKind::Names, form, page, &who.0, (doorward, &caller, now)).await
}

#[get("/undo/applications")]
fn undo_applications_page(_who: RecentAdmin, page: Page) -> Html {
    draw(page)
}

#[post("/undo/applications", data = "<form>")]
async fn undo_applications(
    form: Timely<RecentAdmin, Undo>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    const BACK: &str = "/admin/applications";
    let Timely { who, form } = form;
    let retry = |page: Page, _| {
        page.in_section("admin/applications").render("retry.html", context! { back: BACK })
    };
    let done = form
        .submit(page, retry, async |undo: Undo| {
            let actor = who.0.acting(&caller, "taken back");
            let around = doorward.applications.surroundings(false);
            let events = (undo.first, undo.last);
            let undone = applications::undo(&doorward.sessions, events, around, actor, now.0).await;
            doorward.applications.sync(doorward.db.read()).await?;
            match undone {
                Ok(()) => Ok(APPLICATION_UNDONE),
                Err(Error::Refused(_)) => Ok(NOT_UNDONE),
                Err(error) => Err(error),
            }
        })
        .await?;
    Ok(SeeOther::at(BACK).saying(done))
}
