//! What staff do to accounts, one or many: first a page that says what will
//! happen, then the act, and where possible a button that takes it back.

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;

use super::selection::{Selection, Subjects, Ticked};
use crate::domain::administration::{self, BulkAction};
use crate::domain::sessions;
use crate::service::Doorward;
use crate::web::admin::messages::about;
use crate::web::admin::reason::Reason;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::form::timely::Timely;
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

struct BulkForm {
    selection: Selection,
    reason: Reason,
}

impl PageForm for BulkForm {
    const PURPOSE: &'static str = "act on accounts";

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { selection: Selection::read(fields), reason: Reason::read(fields)? })
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
    selection: Selection,
    page: Page,
    form: Option<Typed>,
    (doorward, now): (&Doorward, Now),
) -> Result<Html, Failure> {
    let subjects = Subjects::of(&selection, doorward, now.0).await?;
    let mut live = 0;
    for account in subjects.accounts.iter().filter(|_| subjects.are_shown()) {
        live += sessions::live_of(doorward.db.read(), account.id, now.0).await?.len();
    }
    let changed = subjects.accounts.iter().filter(|account| action.applies_to(account)).count();
    let form = form.unwrap_or_else(|| Typed::fresh::<BulkForm>(&page, &[]));
    let Words { title, verb, button, consequence, .. } = words_of(action);
    let signs_out = if action == BulkAction::Enable { 0 } else { live };
    let danger = action != BulkAction::Enable;
    let shown = subjects.shown(&selection, now.0);
    Ok(page.in_section("admin/accounts").render(
        "admin/act.html",
        context! { form, shown, changed, signs_out, title, verb, button, consequence, danger },
    ))
}

async fn perform(
    action: BulkAction,
    form: Submitted<BulkForm>,
    page: Page,
    who: &LiveSession,
    (doorward, caller, now): (&Doorward, &Caller, Now),
) -> Result<SeeOther, Failure> {
    let selection = Selection::typed(&form);
    let attempt = form.attempt(&page, async |form: BulkForm| {
        let ids = form.selection.ids_as_shown(&doorward.db, now.0).await?;
        let actor = who.acting(caller, &form.reason.0);
        administration::apply(&doorward.sessions, action, &ids, actor, now.0).await
    });
    match attempt.await? {
        Ok(done) => {
            let is_gone = action == BulkAction::Delete;
            let to = if is_gone { selection.back() } else { selection.back_to_account() };
            Ok(SeeOther::at(to).saying(about(words_of(action).done, &done)))
        }
        Err((status, typed)) => {
            let drawn = preview(action, selection, page, Some(typed), (doorward, now)).await?;
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
            let selection = Selection::asked(ticked, &page);
            preview(BulkAction::$action, selection, page, None, (doorward, now)).await
        }

        #[$post]
        async fn $act(
            form: Timely<CanApply<{ BulkAction::$action as usize }>, BulkForm>,
            page: Page,
            doorward: &Service,
            caller: Caller,
            now: Now,
        ) -> Result<SeeOther, Failure> {
            let Timely { who, form } = form;
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
