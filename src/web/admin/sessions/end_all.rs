//! `/admin/sessions/end-all`: signing everyone out.

use std::sync::Arc;

use rocket::{Route, get, post, routes, tokio};
use rocket_dyn_templates::context;

use crate::base::error::{Error, Result};
use crate::domain::personal_tokens;
use crate::domain::sessions;
use crate::service::Doorward;
use crate::web::admin::messages::SESSIONS_ENDED;
use crate::web::admin::reason::Reason;
use crate::web::answer::failure::Failure;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::form::timely::Timely;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::RecentAdmin;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![end_all_page, end_all]
}

struct EndAll {
    reason: Reason,
    and_tokens: bool,
}

impl PageForm for EndAll {
    const PURPOSE: &'static str = "sign everyone out";

    fn read(fields: &mut Fields) -> Option<Self> {
        let reason = Reason::read(fields);
        // `tokens`: ticked or not; whether personal tokens end, too
        let and_tokens = fields.ticked("tokens");
        Some(Self { reason: reason?, and_tokens })
    }
}

async fn draw(page: Page, form: Typed, (doorward, now): (&Doorward, Now)) -> Result<Html, Failure> {
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
    draw(page, form, (doorward, now)).await
}

/// Also the session of the caller: no exception that an attacker could be.
#[post("/sessions/end-all", data = "<form>")]
async fn end_all(
    form: Timely<RecentAdmin, EndAll>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let Timely { who, form } = form;
    let attempt = form.attempt(&page, async |form: EndAll| {
        let service = Arc::clone(doorward.inner());
        // It may take longer than the browser waits: once begun, it is finished.
        let all = tokio::spawn(async move {
            let actor = who.0.acting(&caller, &form.reason.0);
            if form.and_tokens {
                personal_tokens::revoke_everyones(&service.sessions, actor, now.0).await?;
            }
            service.sessions.end_everything(actor, now.0).await
        });
        all.await.map_err(|why| Error::broken(format!("It broke off: {why}.")))?
    });
    match attempt.await? {
        Ok(count) => Ok(SeeOther::at("/login").saying(SESSIONS_ENDED.counting(count))),
        Err((status, form)) => {
            let drawn = draw(page, form, (doorward, now)).await?;
            Err(Failure::Page(status, Box::new(drawn)))
        }
    }
}
