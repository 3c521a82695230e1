//! What staff do to accounts, one or many: first a page that says what will
//! happen, then the act, and where possible a button that takes it back.

use rocket::form::FromForm;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use crate::domain::accounts::{self, AccountId};
use crate::domain::administration::{self, BulkAction};
use crate::domain::sessions;
use crate::service::Doorward;
use crate::web::admin::messages::about;
use crate::web::admin::reason::Reason;
use crate::web::admin::view::account::AccountRow;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::guards::LiveSession;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::CanApply;

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

/// Staff disabled accounts: how many, and how many sessions ended.
const DISABLED: Message = Message::done("disabled", "Accounts disabled: {0}. Sessions ended: {1}.")
    .undone_at("/admin/undo/disable");
/// Staff enabled accounts.
const ENABLED: Message = Message::done("enabled", "Accounts enabled: {0}.");
/// Staff ended the sessions of accounts: how many sessions, of how many accounts.
const SIGNED_OUT: Message = Message::done("signed-out", "Sessions ended: {1}. Accounts: {0}.");
/// Staff deleted accounts.
const DELETED: Message = Message::done("deleted", "Accounts deleted: {0}.");

/// The messages of this file.
pub(in crate::web::admin) const MESSAGES: &[Message] = &[DISABLED, ENABLED, SIGNED_OUT, DELETED];

/// More are not acted on at once; a screen has fewer.
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

struct BulkForm {
    ids: Vec<AccountId>,
    reason: Reason,
}

impl PageForm for BulkForm {
    const PURPOSE: &'static str = "act on accounts";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `ids`: up to 100 account ids with commas between them
        let ids = fields.text("ids");
        Some(Self { ids: parse_ids(ids.split(',')), reason: Reason::read(fields)? })
    }
}

/// What an action is called on its page.
struct Words {
    title: &'static str,
    /// What it does, before "3 accounts".
    verb: &'static str,
    button: &'static str,
    consequence: &'static str,
    /// Said when it is done.
    done: Message,
}

fn words_of(action: BulkAction) -> Words {
    match action {
        BulkAction::Disable => Words {
            title: "Disable accounts",
            verb: "disable",
            button: "Disable",
            consequence: "Disabled accounts cannot sign in until they are enabled again.",
            done: DISABLED,
        },
        BulkAction::Enable => Words {
            title: "Enable accounts",
            verb: "enable",
            button: "Enable",
            consequence: "Enabled accounts can sign in again, with their current passwords.",
            done: ENABLED,
        },
        BulkAction::EndSessions => Words {
            title: "End sessions",
            verb: "end the sessions of",
            button: "End sessions",
            consequence: "Signing in again is possible at once.",
            done: SIGNED_OUT,
        },
        BulkAction::Delete => Words {
            title: "Delete accounts",
            verb: "delete",
            button: "Delete",
            consequence: "All data stored about an account is deleted with it, except the audit log. This cannot be undone.",
            done: DELETED,
        },
    }
}

async fn preview(
    action: BulkAction,
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
    let changed = found.iter().filter(|account| action.applies_to(account)).count();
    let listed: Vec<String> = found.iter().map(|account| account.id.to_string()).collect();
    let listed = listed.join(",");
    let form = form.unwrap_or_else(|| Typed::fresh::<BulkForm>(&page, &[("ids", &listed)]));
    let rows: Vec<AccountRow> =
        found.into_iter().map(|account| AccountRow::of(account, now.0)).collect();
    let Words { title, verb, button, consequence, .. } = words_of(action);
    let signs_out = if action == BulkAction::Enable { 0 } else { live };
    let danger = action != BulkAction::Enable;
    Ok(page.in_section("admin/accounts").render(
        "admin/act.html",
        context! { form, accounts: rows, count, changed, signs_out, title, verb, button, consequence, danger },
    ))
}

async fn perform(
    action: BulkAction,
    form: Submitted<BulkForm>,
    page: Page,
    who: &LiveSession,
    (doorward, caller, now): (&Doorward, &Caller, Now),
) -> Result<SeeOther, Failure> {
    let ids = parse_ids(form.typed("ids").split(','));
    let attempt = form.attempt(&page, async |form: BulkForm| {
        let actor = who.acting(caller, &form.reason.0);
        administration::apply(&doorward.sessions, action, &form.ids, actor, now.0).await
    });
    match attempt.await? {
        Ok(done) => {
            let to = match ids[..] {
                [id] if action != BulkAction::Delete => format!("/admin/accounts/{id}"),
                _ => "/admin/accounts".to_owned(),
            };
            Ok(SeeOther::at(to).saying(about(words_of(action).done, &done)))
        }
        Err((status, typed)) => {
            let drawn = preview(action, ids, page, Some(typed), (doorward, now)).await?;
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}

/// The page that says what an action will do, and the action: the same for
/// each, but for its address and its guard.
macro_rules! bulk_routes {
    ($action:ident: #[$get:meta] $page:ident, #[$post:meta] $act:ident) => {
        #[$get]
        async fn $page(
            _who: CanApply<{ BulkAction::$action as usize }>,
            ticked: Ticked<'_>,
            page: Page,
            doorward: &Service,
            now: Now,
        ) -> Result<Html, Failure> {
            let ids = parse_ids(ticked.id.into_iter());
            preview(BulkAction::$action, ids, page, None, (doorward, now)).await
        }

        #[$post]
        async fn $act(
            who: CanApply<{ BulkAction::$action as usize }>,
            form: Submitted<BulkForm>,
            page: Page,
            doorward: &Service,
            caller: Caller,
            now: Now,
        ) -> Result<SeeOther, Failure> {
            perform(BulkAction::$action, form, page, &who.0, (doorward, &caller, now)).await
        }
    };
}

bulk_routes! {
    Disable:
    #[get("/accounts/disable?<ticked..>")] disable_page,
    #[post("/accounts/disable", data = "<form>")] disable
}
bulk_routes! {
    Enable:
    #[get("/accounts/enable?<ticked..>")] enable_page,
    #[post("/accounts/enable", data = "<form>")] enable
}
bulk_routes! {
    EndSessions:
    #[get("/accounts/end-sessions?<ticked..>")] end_sessions_page,
    #[post("/accounts/end-sessions", data = "<form>")] end_sessions
}
bulk_routes! {
    Delete:
    #[get("/accounts/delete?<ticked..>")] delete_page,
    #[post("/accounts/delete", data = "<form>")] delete
}
