//! `/admin/sessions/end`: signing people out: some, all of an account or of a
//! range of addresses.

use std::collections::HashSet;

use rocket::form::FromForm;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;
use sea_orm::DatabaseConnection;

use super::query::SessionsQuery;
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::sessions::{self, Session, SessionId, search};
use crate::service::Doorward;
use crate::web::admin::messages::{SESSIONS_ENDED, UNCHANGED};
use crate::web::admin::query::{fits_an_address, typed};
use crate::web::admin::reason::Reason;
use crate::web::admin::view::session::named_rows;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::CanEndSessions;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![end_page, end]
}

/// Sessions to end: those ticked, or all that a filter finds.
#[derive(FromForm)]
struct Chosen<'r> {
    sid: Vec<&'r str>,
    account: Option<&'r str>,
    address: Option<&'r str>,
    kind: Option<&'r str>,
    back: Option<&'r str>,
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
    match (SessionsQuery { account, address, kind }).filter(db, &mut vec![]).await? {
        Some(filter) => {
            let (found, next) = search::screen(db, &filter, None, MOST, now).await?;
            Ok((found, next.is_some()))
        }
        None => Ok((found, false)),
    }
}

/// Where an act on sessions began: on the page of an account, by its id, or in
/// the list, by what stands behind its `?`.
fn path_back(text: &str) -> String {
    if let Ok(id) = uuid::Uuid::try_parse(text) {
        return format!("/admin/accounts/{id}");
    }
    match text {
        "" => "/admin/sessions".to_owned(),
        list if fits_an_address(list, 2048) => format!("/admin/sessions?{list}"),
        _ => "/admin/sessions".to_owned(),
    }
}

struct EndForm {
    sids: Vec<SessionId>,
    reason: Reason,
}

impl PageForm for EndForm {
    const PURPOSE: &'static str = "end sessions";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `sid`: up to 500 session ids with commas between them
        let sids = fields.text("sid");
        let sids = sids.split(',').filter_map(SessionId::parse).take(MOST as usize).collect();
        // `back`: the id of the account, or what stands behind the `?` of the list, to go back to
        fields.text("back");
        Some(Self { sids, reason: Reason::read(fields)? })
    }
}

async fn preview(
    chosen: Chosen<'_>,
    page: Page,
    form: Option<Typed>,
    (doorward, now): (&Doorward, Now),
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let held = |name| page.held_field(name).map(str::to_owned);
    let (sids, back) = (held("sid"), held("back"));
    let chosen = match &sids {
        Some(sids) => Chosen { sid: vec![sids.as_str()], back: back.as_deref(), ..chosen },
        None => chosen,
    };
    let (found, more) = chosen_sessions(db, &chosen, now.0).await?;
    let count = found.len();
    let people = found.iter().map(|session| session.account.0).collect::<HashSet<_>>().len();
    let sids: Vec<String> = found.iter().map(|session| session.sid.to_string()).collect();
    let back = chosen.back.unwrap_or_default();
    let fresh = || Typed::fresh::<EndForm>(&page, &[("back", back)]).with("sid", sids.join(","));
    let form = form.unwrap_or_else(fresh);
    let path_back = path_back(back);
    let sessions = named_rows(db, found).await?;
    Ok(page.in_section("admin/sessions").render(
        "admin/sessions_end.html",
        context! { form, sessions, count, people, more, path_back },
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
    form: Timely<CanEndSessions, EndForm>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let (sids, back) = (form.typed("sid"), form.typed("back"));
    let to = SeeOther::at(path_back(&back));
    let attempt = form.attempt(&page, async |end: EndForm| {
        let actor = who.0.acting(&caller, &end.reason.0);
        doorward.sessions.end_by_staff(&end.sids, actor, now.0).await
    });
    match attempt.await? {
        Ok(0) => Ok(to.saying(UNCHANGED)),
        Ok(count) => Ok(to.saying(SESSIONS_ENDED.counting(count))),
        Err((status, typed)) => {
            let (sid, back) = (vec![&*sids], Some(&*back));
            let chosen = Chosen { sid, account: None, address: None, kind: None, back };
            let drawn = preview(chosen, page, Some(typed), (doorward, now)).await?;
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}
