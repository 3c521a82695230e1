//! What staff do to accounts, one or many: first a page that says what will
//! happen, then the deed, and where possible a button that takes it back.

use rocket::form::FromForm;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::{self, AccountId};
use crate::domain::administration::{self, BulkAction};
use crate::domain::sessions;
use crate::service::Doorward;
use crate::web::admin::reason::Reason;
use crate::web::admin::view::account::AccountRow;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::{Message, Note};
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::guards::LiveSession;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::{CanEndSessions, CanManageAccounts, RecentAdmin};

pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![
        disable_page,
        disable,
        enable_page,
        enable,
        end_sessions_page,
        end_sessions,
        delete_page,
        delete
    ]
}

/// More are not acted upon at once; a screen has fewer.
const MOST: usize = 100;

fn parse_ids<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<AccountId> {
    let ids = texts.filter_map(|text| uuid::Uuid::try_parse(text).ok());
    ids.take(MOST).map(AccountId).collect()
}

/// The accounts ticked in a list.
#[derive(FromForm)]
struct Ticked<'r> {
    id: Vec<&'r str>,
}

struct Act {
    ids: Vec<AccountId>,
    reason: Reason,
}

impl PageForm for Act {
    const PURPOSE: &'static str = "act on accounts";

    fn read(fields: &mut Fields) -> Option<Self> {
        let ids = fields.text("ids");
        Some(Self { ids: parse_ids(ids.split(',')), reason: Reason::read(fields)? })
    }
}

/// The words of each act: title, button, what it does, the message after it.
fn words(deed: BulkAction) -> (&'static str, &'static str, &'static str, Message) {
    match deed {
        BulkAction::Disable => (
            "Switch accounts off",
            "Switch off",
            "They cannot log in until somebody switches them on again.",
            Message::Disabled,
        ),
        BulkAction::Enable => (
            "Switch accounts on",
            "Switch on",
            "They can log in again, with the password they have.",
            Message::Enabled,
        ),
        BulkAction::EndSessions => {
            ("Sign accounts out", "Sign out", "They can log in again at once.", Message::SignedOut)
        }
        BulkAction::Delete => (
            "Delete accounts",
            "Delete for good",
            "The accounts and everything kept about them are removed, but for the audit log. This cannot be taken back.",
            Message::Deleted,
        ),
    }
}

async fn preview(
    deed: BulkAction,
    ids: Vec<AccountId>,
    page: Page,
    form: Option<Typed>,
    (doorward, now): (&Doorward, Now),
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let found = accounts::all_of(db, &ids).await?;
    let mut live = 0;
    for account in &found {
        live += sessions::live_of(db, account.id, now.0).await?.len();
    }
    let count = found.len();
    let changed = found.iter().filter(|account| deed.applies_to(account)).count();
    let listed: Vec<String> = found.iter().map(|account| account.id.to_string()).collect();
    let listed = listed.join(",");
    let form = form.unwrap_or_else(|| Typed::fresh::<Act>(&page, &[("ids", &listed)]));
    let rows: Vec<AccountRow> = found.into_iter().map(AccountRow::from).collect();
    let (title, button, consequence, _) = words(deed);
    let signs_out = if deed == BulkAction::Enable { 0 } else { live };
    let danger = deed != BulkAction::Enable;
    Ok(page.in_section("admin/accounts").render(
        "admin/act.html",
        context! { form, accounts: rows, count, changed, signs_out, title, button, consequence, danger },
    ))
}

async fn perform(
    deed: BulkAction,
    form: Submitted<Act>,
    page: Page,
    who: &LiveSession,
    (doorward, caller, now): (&Doorward, &Caller, Now),
) -> Result<SeeOther, Failure> {
    let ids = parse_ids(form.typed("ids").split(','));
    let attempt = form.attempt(&page, async |act: Act| {
        let actor = who.acting(caller, &act.reason.0);
        administration::apply(&doorward.sessions, deed, &act.ids, actor, now.0).await
    });
    match attempt.await? {
        Ok(done) => {
            let to = match ids[..] {
                [id] if deed != BulkAction::Delete => format!("/admin/accounts/{id}"),
                _ => "/admin/accounts".to_owned(),
            };
            Ok(SeeOther::at(to).saying(Note::about(words(deed).3, &done)))
        }
        Err((status, typed)) => {
            let drawn = preview(deed, ids, page, Some(typed), (doorward, now)).await?;
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}

#[get("/accounts/disable?<ticked..>")]
async fn disable_page(
    _who: CanManageAccounts,
    ticked: Ticked<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    preview(BulkAction::Disable, parse_ids(ticked.id.into_iter()), page, None, (doorward, now))
        .await
}

#[post("/accounts/disable", data = "<form>")]
async fn disable(
    who: CanManageAccounts,
    form: Submitted<Act>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    perform(BulkAction::Disable, form, page, &who.0, (doorward, &caller, now)).await
}

#[get("/accounts/enable?<ticked..>")]
async fn enable_page(
    _who: CanManageAccounts,
    ticked: Ticked<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    preview(BulkAction::Enable, parse_ids(ticked.id.into_iter()), page, None, (doorward, now)).await
}

#[post("/accounts/enable", data = "<form>")]
async fn enable(
    who: CanManageAccounts,
    form: Submitted<Act>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    perform(BulkAction::Enable, form, page, &who.0, (doorward, &caller, now)).await
}

#[get("/accounts/end-sessions?<ticked..>")]
async fn end_sessions_page(
    _who: CanEndSessions,
    ticked: Ticked<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    preview(BulkAction::EndSessions, parse_ids(ticked.id.into_iter()), page, None, (doorward, now))
        .await
}

#[post("/accounts/end-sessions", data = "<form>")]
async fn end_sessions(
    who: CanEndSessions,
    form: Submitted<Act>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    perform(BulkAction::EndSessions, form, page, &who.0, (doorward, &caller, now)).await
}

#[get("/accounts/delete?<ticked..>")]
async fn delete_page(
    _who: RecentAdmin,
    ticked: Ticked<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    preview(BulkAction::Delete, parse_ids(ticked.id.into_iter()), page, None, (doorward, now)).await
}

#[post("/accounts/delete", data = "<form>")]
async fn delete(
    who: RecentAdmin,
    form: Submitted<Act>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    perform(BulkAction::Delete, form, page, &who.0, (doorward, &caller, now)).await
}
