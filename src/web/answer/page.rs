//! The frame around every page: CSRF token, who is signed in, navigation, the
//! message left by the step before. Taken by every route that answers with
//! HTML, so that no page lacks its frame.

use std::sync::{Arc, OnceLock};

use rocket::fairing::Fairing;
use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder};
use rocket_dyn_templates::Template;
use rocket_dyn_templates::tera::{self, Context, Tera};
use serde::Serialize;

use super::assets;
use super::message::{Note, Shown};
use crate::base::keys::Keys;
use crate::domain::accounts::permissions::{Permission, Roles};
use crate::domain::sessions::EndReason;
use crate::service::Doorward;
use crate::service::settings::Registration;
use crate::web::form::csrf::{self, Binding};
use crate::web::request::cookies::{Cookie, Outgoing, Received};
use crate::web::request::identity::{Identity, identity};
use crate::web::request::now::Now;
use crate::web::request::request_id::RequestId;

/// The template engine with every template in it. Rocket's `Template` would
/// serialise what a page shows twice, first into Rocket's values and then into Tera's.
#[derive(Clone, Default)]
pub struct Engine(Arc<OnceLock<Tera>>);

impl Engine {
    /// Reads the templates before the server starts, which it does not when one
    /// cannot be read.
    pub fn fairing(&self) -> impl Fairing + use<> {
        let engine = self.clone();
        Template::try_custom(move |engines| {
            assets::templates(engines)?;
            engine.0.get_or_init(|| std::mem::take(&mut engines.tera));
            Ok(())
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that draws pages")]
    fn draw(&self, name: &str, context: &Context) -> tera::Result<String> {
        self.0.get().ok_or_else(|| tera::Error::msg("no template was read"))?.render(name, context)
    }
}

/// A page of HTML, drawn when it is sent.
pub struct Html {
    name: &'static str,
    context: tera::Result<Context>,
}

impl<'r> Responder<'r, 'static> for Html {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let engine: &Engine = request.rocket().state().expect("the engine is managed");
        let drawn = self.context.and_then(|context| engine.draw(self.name, &context));
        let text = drawn.map_err(|error| {
            let (id, page) = (RequestId::of(request), self.name);
            tracing::error!(id, page, ?error, "page.undrawn");
            Status::InternalServerError
        })?;
        (ContentType::HTML, text).respond_to(request)
    }
}

/// The frame.
pub struct Page {
    signed_in: bool,
    section: &'static str,
    may: May,
    message: Option<Shown>,
    registration_open: bool,
    keys: Arc<Keys>,
    binding: Binding,
    /// Why this browser's session is over, if it still carries the old cookie.
    pub ended: Option<EndReason>,
}

/// What the sections inside a page follow: the same permissions as the routes.
#[derive(Default)]
struct May {
    look: bool,
    audit: bool,
    end_sessions: bool,
    manage_accounts: bool,
    administer: bool,
}

impl May {
    fn of(roles: &Roles) -> Self {
        Self {
            look: roles.may(Permission::Look),
            audit: roles.may(Permission::ReadAudit),
            end_sessions: roles.may(Permission::EndSessions),
            manage_accounts: roles.may(Permission::ManageAccounts),
            administer: roles.may(Permission::Administer),
        }
    }
}

impl Page {
    /// Marks the entry of the navigation that leads here.
    pub fn in_section(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    /// Draws `templates/NAME.html.tera` in this frame.
    pub fn render(self, name: &'static str, content: impl Serialize) -> Html {
        let context = Context::from_serialize(content).map(|content| self.around(content));
        Html { name, context }
    }

    /// Adds what templates know of the frame: names that begin with `page_`,
    /// without dots, which take Tera several times as long to look up. Each is
    /// there on every page that asks for it: for one that is not, Tera puts an
    /// error into words before it takes it for false.
    fn around(self, mut context: Context) -> Context {
        let errors = context.get("form").and_then(|form| form["errors"].as_array());
        let refused = errors.is_some_and(|errors| !errors.is_empty());
        context.insert("page_refused", &refused);
        context.insert("page_signed_in", &self.signed_in);
        // Nobody else has a button outside the page's own form, but for an undo
        // that is shown when the session is over.
        if self.signed_in || self.message.is_some() {
            context.insert("page_csrf", &self.csrf_for("std"));
        }
        context.insert("page_registration_open", &self.registration_open);
        context.insert("page_message", &self.message);
        context.insert("page_undo", &self.message.as_ref().and_then(Shown::undo));
        let here = |section: &str| if self.section == section { "page" } else { "" };
        let account = if self.section == "data" { "true" } else { here("account") };
        context.insert("page_account", account);
        context.insert("page_sessions", here("sessions"));
        context.insert("page_password", here("password"));
        let May { look, audit, end_sessions, manage_accounts, administer } = self.may;
        context.insert("page_staff", &look);
        if look {
            context.insert("page_section", self.section);
            context.insert("page_may_audit", &audit);
            context.insert("page_may_end_sessions", &end_sessions);
            context.insert("page_may_manage_accounts", &manage_accounts);
            context.insert("page_may_administer", &administer);
        }
        context
    }

    /// A CSRF token for the form of that name on this page.
    pub fn csrf_for(&self, purpose: &str) -> String {
        csrf::token(&self.keys, purpose, &self.binding)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Page {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let doorward = Doorward::of(request);
        let (principal, ended) = match identity(request).await {
            Identity::SignedIn(principal) => (Some(principal), None),
            Identity::Renewed(_) => (None, Some(EndReason::Renewed)),
            Identity::Anonymous(ended) => (None, *ended),
            Identity::Unavailable => return Outcome::Error((Status::ServiceUnavailable, ())),
        };
        let binding = match principal {
            Some(principal) => Binding::session(principal.session),
            None => Binding::begin_anonymous(request),
        };
        let message = Received::of(request).get(Cookie::Message).and_then(|value| {
            Outgoing::of(request).remove(Cookie::Message);
            Note::verify(&doorward.keys, value, Now::of(request))
        });
        let may = principal.map(|principal| May::of(&principal.roles)).unwrap_or_default();
        Outcome::Success(Self {
            signed_in: principal.is_some(),
            section: "",
            may,
            message: message.map(Note::shown),
            registration_open: doorward.settings.web.registration == Registration::Open,
            keys: Arc::clone(&doorward.keys),
            binding,
            ended,
        })
    }
}
