//! `/admin/accounts/<id>`: one account and its story; its roles; a recovery
//! link for it; and opening an account for somebody.

use rocket::http::Status;
use rocket::{Route, get, post, routes};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::base::error::{Error, Refusal, Result};
use crate::base::store::Db;
use crate::domain::accounts::names::{EmailAddress, RoleName, Username};
use crate::domain::accounts::permissions::{BUILT_IN, Roles};
use crate::domain::accounts::{self, Account, AccountId, custom_roles};
use crate::domain::administration::{self, Change};
use crate::domain::audit::{self, Filter};
use crate::domain::sessions::{self, Audience, Session};
use crate::web::admin::audit::{EventView, event_views};
use crate::web::admin::reason::Reason;
use crate::web::answer::failure::Failure;
use crate::web::answer::message::{Message, Note};
use crate::web::answer::page::{Html, Page};
use crate::web::answer::redirect::SeeOther;
use crate::web::answer::view::{LoginView, Moment, Names};
use crate::web::form::submitted::{Button, Fields, PageForm, Submitted, Typed};
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::{CanEndSessions, CanManageAccounts, RecentAdmin, Staff};
use crate::web::request::user_agent::describe_user_agent;

pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![
        account_page,
        roles_page,
        set_roles,
        recovery_page,
        start_recovery,
        forgive,
        new_account_page,
        add_account
    ]
}

/// Events of the story on one screen.
const STORY: u64 = 30;

/// An account by the id in an address.
async fn by_id(db: &Db, id: &str) -> Result<Account, Failure> {
    let id = uuid::Uuid::try_parse(id).map_err(|_| Failure::Status(Status::NotFound))?;
    Ok(accounts::by_id(db.read(), AccountId(id)).await?)
}

/// A session as staff see it.
#[derive(Serialize)]
pub(in crate::web::admin) struct SessionRow {
    sid: String,
    account: String,
    username: String,
    script: bool,
    browser: String,
    address: String,
    started_at: Moment,
    last_active_at: Moment,
    remember: bool,
}

impl SessionRow {
    /// The same with the name of its owner.
    pub(in crate::web::admin) fn named(self, username: String) -> Self {
        Self { username, ..self }
    }
}

impl From<Session> for SessionRow {
    fn from(session: Session) -> Self {
        let client = describe_user_agent(&session.origin.user_agent);
        Self {
            sid: session.sid.to_string(),
            account: session.account.to_string(),
            username: String::new(),
            script: session.client == Audience::Api,
            browser: format!("{} on {}", client.browser, client.system),
            address: session.origin.address,
            started_at: session.created_at.into(),
            last_active_at: session.last_seen_at.into(),
            remember: session.remember,
        }
    }
}

#[derive(Serialize)]
struct Details {
    id: String,
    #[serde(flatten)]
    names: Names,
    roles: Vec<String>,
    admin: bool,
    disabled_at: Option<Moment>,
    created_at: Moment,
    password_changed_at: Moment,
    last_login: Option<LoginView>,
    failed_logins: i64,
}

impl From<Account> for Details {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            names: Names::from(&account),
            admin: account.roles.has(accounts::permissions::ADMIN),
            roles: account.roles.names().map(str::to_owned).collect(),
            disabled_at: account.disabled_at.map(Moment::from),
            created_at: account.created_at.into(),
            password_changed_at: account.password_changed_at.into(),
            last_login: account.last_login.map(LoginView::from),
            failed_logins: account.failed_logins,
        }
    }
}

#[get("/accounts/<id>")]
async fn account_page(
    who: Staff,
    id: &str,
    page: Page,
    doorward: &Service,
    now: Now,
) -> Result<Html, Failure> {
    let db = doorward.db.read();
    let account = by_id(&doorward.db, id).await?;
    let live = sessions::live_of(db, account.id, now.0).await?;
    let filter = Filter { account: Some(account.id.0), ..Filter::default() };
    let story = audit::list(db, &filter, i64::MAX, STORY).await?;
    let story: Vec<EventView> = event_views(db, story).await?;
    let sessions: Vec<SessionRow> = live.into_iter().map(SessionRow::from).collect();
    let this = who.0.account.id == account.id;
    let account = Details::from(account);
    Ok(page
        .in_section("admin/accounts")
        .render("admin/account.html", context! { account, sessions, story, this }))
}

struct Rights {
    /// Those that the account had when the form was drawn.
    shown: Roles,
    roles: Roles,
    reason: Reason,
}

impl PageForm for Rights {
    const PURPOSE: &'static str = "roles of an account";

    fn read(fields: &mut Fields) -> Option<Self> {
        let shown = fields.text("shown");
        let shown = Roles::of(shown.split(' ').filter_map(|name| RoleName::parse(name).ok()));
        let names = fields.all_ticked("role.");
        let roles = Roles::of(names.iter().filter_map(|name| RoleName::parse(name).ok()));
        Some(Self { shown, roles, reason: Reason::read(fields)? })
    }
}

/// A role to tick.
#[derive(Serialize)]
struct Choice {
    name: String,
    description: String,
    ticked: bool,
}

async fn all_choices(db: &Db, roles: &Roles) -> Result<Vec<Choice>> {
    let built_in = BUILT_IN.iter().map(|(name, words)| ((*name).to_owned(), (*words).to_owned()));
    let own = custom_roles::list(db.read()).await?.into_iter();
    let all = built_in.chain(own.map(|role| (role.name, role.description)));
    let choice = |(name, description): (String, String)| {
        let ticked = roles.has(&name);
        Choice { name, description, ticked }
    };
    Ok(all.map(choice).collect())
}

/// Ticked as they were in the form that is shown again.
fn as_typed(choices: Vec<Choice>, form: &Typed) -> Vec<Choice> {
    let typed = |choice: Choice| {
        let ticked = form.is_ticked("role.", &choice.name).unwrap_or(choice.ticked);
        Choice { ticked, ..choice }
    };
    choices.into_iter().map(typed).collect()
}

#[get("/accounts/<id>/roles")]
async fn roles_page(
    _who: RecentAdmin,
    id: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let account = by_id(&doorward.db, id).await?;
    let choices = all_choices(&doorward.db, &account.roles).await?;
    let form = Typed::fresh::<Rights>(&page, &[]);
    Ok(draw_roles(page, form, account, choices))
}

fn draw_roles(page: Page, form: Typed, account: Account, choices: Vec<Choice>) -> Html {
    let shown = account.roles.names().collect::<Vec<_>>().join(" ");
    let account = Details::from(account);
    page.in_section("admin/accounts")
        .render("admin/account_roles.html", context! { form, account, choices, shown })
}

#[post("/accounts/<id>/roles", data = "<form>")]
async fn set_roles(
    who: RecentAdmin,
    id: &str,
    form: Submitted<Rights>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<SeeOther, Failure> {
    let id = by_id(&doorward.db, id).await?.id;
    let shown = form.typed("shown");
    let attempt = form.attempt(&page, async |rights: Rights| {
        let actor = who.0.acting(&caller, &rights.reason.0);
        let change = Change { shown: Some(&rights.shown), roles: &rights.roles };
        administration::set_roles(&doorward.sessions, id, change, actor, now.0).await
    });
    let done = match attempt.await? {
        Ok(done) => done,
        Err((status, form)) => {
            let account = accounts::by_id(doorward.db.read(), id).await?;
            let mut choices = all_choices(&doorward.db, &account.roles).await?;
            // What was ticked before a change by somebody else would undo it.
            if account.roles.names().eq(shown.split(' ').filter(|name| !name.is_empty())) {
                choices = as_typed(choices, &form);
            }
            let drawn = draw_roles(page, form, account, choices);
            return Err(Failure::Page(status, Box::new(drawn)));
        }
    };
    // Whoever gives up their own role may not see the page any more.
    let own = who.0.account.id == id;
    let to = if own { "/account".to_owned() } else { format!("/admin/accounts/{id}") };
    Ok(SeeOther::at(to).saying(Note::about(Message::RolesChanged, &done)))
}

struct Why(Reason);

impl PageForm for Why {
    const PURPOSE: &'static str = "recovery link";

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self(Reason::read(fields)?))
    }
}

fn draw_recovery(page: Page, form: Typed, account: Account) -> Html {
    let account = Details::from(account);
    page.in_section("admin/accounts")
        .render("admin/account_recovery.html", context! { form, account })
}

#[get("/accounts/<id>/recovery")]
async fn recovery_page(
    _who: CanManageAccounts,
    id: &str,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let account = by_id(&doorward.db, id).await?;
    let form = Typed::fresh::<Why>(&page, &[]);
    Ok(draw_recovery(page, form, account))
}

/// The link is in the answer itself and nowhere else: a redirect would have to
/// keep it somewhere.
#[post("/accounts/<id>/recovery", data = "<form>")]
async fn start_recovery(
    who: CanManageAccounts,
    id: &str,
    form: Submitted<Why>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Html, Failure> {
    let account = by_id(&doorward.db, id).await?;
    let life = doorward.settings.recovery_link_life;
    let attempt = form.attempt(&page, async |why: Why| {
        let actor = who.0.acting(&caller, &why.0.0);
        let sessions = &doorward.sessions;
        administration::start_recovery(sessions, account.id, actor, (life, now.0)).await
    });
    match attempt.await? {
        Ok(token) => {
            let link = format!("{}/recover/{token}", doorward.settings.base_url.as_str());
            Ok(draw_link(page, account, link, (now.0 + life).into()))
        }
        Err((status, form)) => {
            Err(Failure::Page(status, Box::new(draw_recovery(page, form, account))))
        }
    }
}

fn draw_link(page: Page, account: Account, link: String, until: Moment) -> Html {
    let account = Details::from(account);
    page.in_section("admin/accounts")
        .render("admin/account_link.html", context! { account, link, until })
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
        Err(Error::Refused(Refusal::TargetOutranksActor)) => Message::TargetOutranksActor,
        Err(Error::Refused(Refusal::OwnAccount)) => Message::OwnAccount,
        done => done.map(|_| Message::Forgiven)?,
    };
    Ok(SeeOther::at(format!("/admin/accounts/{id}")).saying(message))
}

struct NewOne {
    username: Username,
    email: EmailAddress,
    roles: Roles,
    reason: Reason,
}

impl PageForm for NewOne {
    const PURPOSE: &'static str = "new account";

    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.parsed("username", "User name", Username::parse);
        let email = fields.parsed("email", "E-mail address", EmailAddress::parse);
        let names = fields.all_ticked("role.");
        let roles = Roles::of(names.iter().filter_map(|name| RoleName::parse(name).ok()));
        let reason = Reason::read(fields);
        Some(Self { username: username?, email: email?, roles, reason: reason? })
    }
}

#[get("/accounts/new")]
async fn new_account_page(
    _who: RecentAdmin,
    page: Page,
    doorward: &Service,
) -> Result<Html, Failure> {
    let choices = all_choices(&doorward.db, &Roles::default()).await?;
    let form = Typed::fresh::<NewOne>(&page, &[]);
    Ok(draw_new(page, form, choices))
}

fn draw_new(page: Page, form: Typed, choices: Vec<Choice>) -> Html {
    let choices = as_typed(choices, &form);
    page.in_section("admin/accounts").render("admin/account_new.html", context! { form, choices })
}

#[post("/accounts/new", data = "<form>")]
async fn add_account(
    who: RecentAdmin,
    form: Submitted<NewOne>,
    page: Page,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Html, Failure> {
    let life = doorward.settings.recovery_link_life;
    let attempt = form.attempt(&page, async |new: NewOne| {
        let actor = who.0.acting(&caller, &new.reason.0);
        let names = (new.username, new.email);
        let credentials = doorward.credentials();
        administration::invite(&credentials, names, new.roles, actor, (life, now.0)).await
    });
    match attempt.await? {
        Ok((account, token)) => {
            let link = format!("{}/recover/{token}", doorward.settings.base_url.as_str());
            Ok(draw_link(page, account, link, (now.0 + life).into()))
        }
        Err((status, form)) => {
            let choices = all_choices(&doorward.db, &Roles::default()).await?;
            Err(Failure::Page(status, Box::new(draw_new(page, form, choices))))
        }
    }
}
