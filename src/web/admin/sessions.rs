//! `/admin/sessions`: who is signed in, and signing people out: some, all of an
//! account or of a range of addresses, or everyone.

use std::collections::HashSet;
use std::sync::Arc;

use rocket::form::FromForm;
use rocket::{Route, get, post, routes, tokio};
use rocket_dyn_templates::context;
use sea_orm::DatabaseConnection;

use super::accounts::one::SessionRow;
use super::query::{SCREEN, chosen, cursor, find_account, link, typed};
use super::reason::Reason;
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, AccountId};
use crate::domain::sessions::search::{self, Cursor, Filter};
use crate::domain::sessions::{self, Audience, Session, SessionId};
use crate::service::Doorward;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::{Message, Note};
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::{CanEndSessions, RecentAdmin, Staff};

pub(super) fn routes() -> Vec<Route> {
    routes![sessions_page, end_page, end, end_all_page, end_all]
}

const KINDS: [(&str, Audience); 2] = [("browser", Audience::Web), ("script", Audience::Api)];

/// What the address of the list asks for.
#[derive(FromForm)]
struct Asked<'r> {
    account: Option<&'r str>,
    address: Option<&'r str>,
    kind: Option<&'r str>,
}

impl Asked<'_> {
    /// The filter; `None` when it names what is not there, so that nothing is found.
    async fn filter(
        &self,
        db: &DatabaseConnection,
        notices: &mut Vec<String>,
    ) -> Result<Option<Filter>> {
        let Some(account) = find_account(db, self.account, notices).await? else {
            return Ok(None);
        };
        let address = typed(self.address);
        let addresses = search::parse_range(&address);
        if addresses.is_none() && !address.is_empty() {
            notices.push(format!(
                "{address} is no address. One is written like 192.0.2.7, a range like 192.0.2.0/24."
            ));
            return Ok(None);
        }
        let client = chosen(self.kind, &KINDS, "kind", notices);
        Ok(Some(Filter { account: account.map(AccountId), addresses, client }))
    }

    fn link(&self, path: &str, from: &str) -> String {
        let parameters = [
            ("account", self.account.unwrap_or_default()),
            ("address", self.address.unwrap_or_default()),
            ("kind", self.kind.unwrap_or_default()),
            ("from", from),
        ];
        link(path, &parameters)
    }
}

/// The sessions with the names of their owners.
async fn rows(db: &DatabaseConnection, found: Vec<Session>) -> Result<Vec<SessionRow>> {
    let owners: HashSet<_> = found.iter().map(|session| session.account.0).collect();
    let names = accounts::names_of(db, owners).await?;
    let named = |session: Session| {
        let username = names.get(&session.account.0).cloned().unwrap_or_default();
        SessionRow::from(session).named(username)
    };
    Ok(found.into_iter().map(named).collect())
}

#[get("/sessions?<from>&<asked..>")]
async fn sessions_page(
    _who: Staff,
    from: Option<&str>,
    asked: Asked<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let mut notices = vec![];
    let from = cursor(from, Cursor::parse, &mut notices);
    let first = from.is_none();
    let (found, next) = match asked.filter(db, &mut notices).await? {
        Some(filter) => search::screen(db, &filter, from, SCREEN, now.0).await?,
        None => (vec![], None),
    };
    let sessions = rows(db, found).await?;
    let narrowed = !(typed(asked.account) + &typed(asked.address)).is_empty();
    let end_these = narrowed.then(|| asked.link("/admin/sessions/end", ""));
    Ok(page.in_section("admin/sessions").render(
        "admin/sessions.html",
        context! {
            sessions,
            notices,
            first,
            next_page: next.map(|next| asked.link("/admin/sessions", &next.to_string())),
            end_these: end_these.filter(|_| first),
            account: typed(asked.account),
            address: typed(asked.address),
            kind: asked.kind,
        },
    ))
}

/// Sessions to end: those ticked, or all that a filter finds.
#[derive(FromForm)]
struct Chosen<'r> {
    sid: Vec<&'r str>,
    account: Option<&'r str>,
    address: Option<&'r str>,
    kind: Option<&'r str>,
}

/// More are not ended with one press: their names must fit into a form of 16 KiB.
const MOST: u64 = 500;

/// The live ones among them, at most [`MOST`]; and whether there are more.
async fn chosen_sessions(
    db: &DatabaseConnection,
    chosen: &Chosen<'_>,
    now: Timestamp,
) -> Result<(Vec<Session>, bool)> {
    let sids = chosen.sid.iter().flat_map(|text| text.split(',')).filter_map(SessionId::parse);
    let mut found = vec![];
    for sid in sids.take(MOST as usize) {
        match sessions::by_id(db, sid).await {
            Ok(session) if session.is_live(now) => found.push(session),
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    let Chosen { account, address, kind, .. } = *chosen;
    let narrowed = !(typed(account) + &typed(address)).is_empty();
    if !found.is_empty() || !narrowed {
        return Ok((found, false));
    }
    match (Asked { account, address, kind }).filter(db, &mut vec![]).await? {
        Some(filter) => {
            let (found, next) = search::screen(db, &filter, None, MOST, now).await?;
            Ok((found, next.is_some()))
        }
        None => Ok((found, false)),
    }
}

struct End {
    sids: Vec<SessionId>,
    reason: Reason,
}

impl PageForm for End {
    const PURPOSE: &'static str = "end sessions";

    fn read(fields: &mut Fields) -> Option<Self> {
        let sids = fields.text("sid");
        let sids = sids.split(',').filter_map(SessionId::parse).take(MOST as usize).collect();
        Some(Self { sids, reason: Reason::read(fields)? })
    }
}

async fn preview(
    chosen: Chosen<'_>,
    page: Page,
    form: Option<Typed>,
    (doorward, now): (&Doorward, Now),
) -> Result<Html, Failure> {
    const SHOWN: usize = 20;
    let db = doorward.db.read();
    let (mut found, more) = chosen_sessions(db, &chosen, now.0).await?;
    let count = found.len();
    let people = found.iter().map(|session| session.account.0).collect::<HashSet<_>>().len();
    let sids: Vec<String> = found.iter().map(|session| session.sid.to_string()).collect();
    let form = form.unwrap_or_else(|| Typed::fresh::<End>(&page, &[("sid", &sids.join(","))]));
    found.truncate(SHOWN);
    let sessions = rows(db, found).await?;
    Ok(page.in_section("admin/sessions").render(
        "admin/sessions_end.html",
        context! { form, sessions, count, people, more, unseen: count.saturating_sub(SHOWN) },
    ))
}

#[get("/sessions/end?<chosen..>")]
async fn end_page(
    _who: CanEndSessions,
    chosen: Chosen<'_>,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    preview(chosen, page, None, (doorward, now)).await
}

#[post("/sessions/end", data = "<form>")]
async fn end(
    who: CanEndSessions,
    form: Submitted<End>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let sids = form.typed("sid");
    let attempt = form.attempt(&page, async |end: End| {
        let actor = who.0.acting(&caller, &end.reason.0);
        doorward.sessions.end_by_staff(&end.sids, actor, now.0).await
    });
    match attempt.await? {
        Ok(0) => Ok(SeeOther::at("/admin/sessions").saying(Message::Unchanged)),
        Ok(count) => {
            Ok(SeeOther::at("/admin/sessions")
                .saying(Note::counting(Message::SessionsEnded, count)))
        }
        Err((status, typed)) => {
            let chosen = Chosen { sid: vec![&sids], account: None, address: None, kind: None };
            let drawn = preview(chosen, page, Some(typed), (doorward, now)).await?;
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}

struct EndAll(Reason);

impl PageForm for EndAll {
    const PURPOSE: &'static str = "sign everyone out";

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self(Reason::read(fields)?))
    }
}

async fn draw_end_all(
    page: Page,
    form: Typed,
    (doorward, now): (&Doorward, Now),
) -> Result<Html, Failure> {
    let count = sessions::count_live(doorward.db.read(), now.0).await?;
    Ok(page
        .in_section("admin/sessions")
        .render("admin/sessions_end_all.html", context! { form, count }))
}

#[get("/sessions/end-all")]
async fn end_all_page(
    _who: RecentAdmin,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let form = Typed::fresh::<EndAll>(&page, &[]);
    draw_end_all(page, form, (doorward, now)).await
}

/// Also the session of whoever asks: no exception that an attacker could be.
#[post("/sessions/end-all", data = "<form>")]
async fn end_all(
    who: RecentAdmin,
    form: Submitted<EndAll>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let attempt = form.attempt(&page, async |why: EndAll| {
        let service = Arc::clone(doorward.inner());
        // It may take longer than whoever asked waits: once begun, it is finished.
        let all = tokio::spawn(async move {
            let actor = who.0.acting(&caller, &why.0.0);
            service.sessions.end_everything(actor, now.0).await
        });
        all.await.map_err(|why| Error::broken(format!("It broke off: {why}.")))?
    });
    match attempt.await? {
        Ok(count) => {
            Ok(SeeOther::at("/login").saying(Note::counting(Message::SessionsEnded, count)))
        }
        Err((status, form)) => {
            let drawn = draw_end_all(page, form, (doorward, now)).await?;
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}
