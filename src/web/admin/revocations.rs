//! `/admin/revocations`: what is revoked, how soon every server knew, and
//! revoking one token more.

use std::collections::HashMap;

use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use zeroize::Zeroizing;

use super::query::{SCREEN, cursor, link};
use super::reason::Reason;
use crate::base::error::Result;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::sessions::revocation::{self, Kind, Revocation};
use crate::domain::sessions::{self, SessionId};
use crate::service::{Doorward, words};
use crate::web::answer::failure::Failure;
use crate::web::answer::message::Message;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::answer::view::Moment;
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::{CanEndSessions, Staff};

pub(super) fn routes() -> Vec<Route> {
    routes![revocations_page, new_page, revoke]
}

/// Staff revoked a token.
const TOKEN_REVOKED: Message = Message::done(
    "token-revoked",
    "The token was revoked. It is rejected from the next request on.",
);
/// The session to end was over already.
const SESSION_WAS_OVER: Message =
    Message::notice("session-was-over", "That session had already ended.");

/// The messages of this file.
pub(super) const MESSAGES: &[Message] = &[TOKEN_REVOKED, SESSION_WAS_OVER];

/// A revocation as the page shows it.
#[derive(Serialize)]
struct Row {
    kind: &'static str,
    subject: String,
    /// Whose it is, if it is an account's.
    owner: Option<String>,
    account: Option<String>,
    reason: String,
    at: Moment,
    until: Moment,
    servers: usize,
    /// Milliseconds until the slowest server refused it.
    delay: i64,
    /// How often this server refused it.
    refusals: u32,
    /// Set for a session: the last request accepted, if that was before.
    last_accepted: Option<Moment>,
    /// Whether a request was accepted after every server should have refused it.
    accepted_since: bool,
}

/// A server may have accepted what it was answering at that very moment.
const MEANWHILE: i64 = 1000;

async fn rows(doorward: &Doorward, found: Vec<Revocation>) -> Result<Vec<Row>> {
    let db: &DatabaseConnection = doorward.db.read();
    let of_kind = |kind| found.iter().filter(move |one| one.kind == kind).map(|one| one.subject);
    let names = accounts::names_of(db, of_kind(Kind::Account)).await?;
    let sids: Vec<SessionId> = of_kind(Kind::Session).map(SessionId).collect();
    let seen: HashMap<SessionId, Timestamp> = sessions::last_seen(db, &sids).await?;
    let row = |one: Revocation| {
        let sid = SessionId(one.subject);
        let ours = doorward.sessions.last_accepted(sid);
        let seen = seen.get(&sid).copied().max(ours).filter(|_| one.kind == Kind::Session);
        let (servers, delay) = one.acknowledgements.unwrap_or_default();
        let known = one.created_at + time::Duration::milliseconds(delay + MEANWHILE);
        let id = one.subject.to_string();
        Row {
            kind: match one.kind {
                Kind::Token => "Access token",
                Kind::Session => "Session",
                Kind::Account => "Account",
                Kind::Global => "Everyone",
            },
            subject: match one.kind {
                Kind::Token | Kind::Session => secrets::encode_id(one.subject),
                Kind::Account => id.clone(),
                Kind::Global => String::new(),
            },
            owner: names.get(&one.subject).cloned(),
            account: Some(id).filter(|_| names.contains_key(&one.subject)),
            at: one.created_at.into(),
            until: one.expires_at.into(),
            servers,
            delay,
            refusals: doorward.sessions.index.refusals(one.subject),
            last_accepted: seen.map(Moment::from),
            accepted_since: seen.is_some_and(|seen| seen > known),
            reason: words::revoked_because(&one.reason).to_owned(),
        }
    };
    Ok(found.into_iter().map(row).collect())
}

#[get("/revocations?<before>")]
async fn revocations_page(
    _who: Staff,
    before: Option<&str>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let mut notices = vec![];
    let before = cursor(before, |text| text.parse::<i64>().ok(), &mut notices);
    let from = before.unwrap_or(i64::MAX);
    let mut found = revocation::list(doorward.db.read(), from, SCREEN + 1, now.0).await?;
    let more = found.len() as u64 > SCREEN;
    found.truncate(SCREEN as usize);
    let last = found.last().filter(|_| more).map(|one| one.id.to_string());
    let revocations = rows(doorward, found).await?;
    Ok(page.in_section("admin/sessions").render(
        "admin/revocations.html",
        context! {
            revocations,
            notices,
            pages: context! {
                first: before.map(|_| "/admin/revocations"),
                next: last.map(|last| link("/admin/revocations", &[("before", &last)])),
            },
        },
    ))
}

struct NewRevocation {
    token: Zeroizing<String>,
    reason: Reason,
}

impl PageForm for NewRevocation {
    const PURPOSE: &'static str = "revoke a token";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `token`: a `jti`, an access token or a refresh token of this service; never shown
        // again, for it may be a secret
        let token = fields.unseen("token", "Token or jti");
        let reason = Reason::read(fields);
        Some(Self { token: token?, reason: reason? })
    }
}

fn draw(page: Page, form: Typed) -> Html {
    page.in_section("admin/sessions").render("admin/revocation_new.html", context! { form })
}

#[get("/revocations/new")]
fn new_page(_who: CanEndSessions, page: Page) -> Html {
    let form = Typed::fresh::<NewRevocation>(&page, &[]);
    draw(page, form)
}

#[post("/revocations/new", data = "<form>")]
async fn revoke(
    form: Timely<CanEndSessions, NewRevocation>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let done = form
        .submit(page, draw, async |new: NewRevocation| {
            let actor = who.0.acting(&caller, &new.reason.0);
            let sessions = &doorward.sessions;
            let named =
                sessions.named(&new.token, now.0).ok_or(sessions::refusals::UNKNOWN_TOKEN)?;
            sessions.revoke_named(named, actor, now.0).await
        })
        .await?;
    let message = if done { TOKEN_REVOKED } else { SESSION_WAS_OVER };
    Ok(SeeOther::at("/admin/revocations").saying(message))
}
