//! The frame around every page: CSRF token, who is signed in, navigation, the
//! message left by the step before. Taken by every route that answers with
//! HTML, so that no page lacks its frame.

use std::sync::Arc;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::message::{Note, Shown};
use crate::base::keys::Keys;
use crate::domain::accounts::permissions::{Permission, Roles};
use crate::domain::sessions::EndReason;
use crate::service::Doorward;
use crate::service::settings::Registration;
use crate::web::form::csrf::{self, Binding};
use crate::web::request::cookies::{Cookie, Outgoing, Received};
use crate::web::request::guards::{Identity, identity};
use crate::web::request::now::Now;

/// The frame. The template knows it as `page`.
#[derive(Serialize)]
pub struct Page {
    csrf: String,
    signed_in: bool,
    section: &'static str,
    /// Whether the password was given lately, so that staff can act.
    recent: bool,
    staff: bool,
    /// Left out for members: undefined is false to a template.
    #[serde(skip_serializing_if = "May::is_nothing")]
    may: May,
    message: Option<Shown>,
    registration_open: bool,
    #[serde(skip)]
    keys: Arc<Keys>,
    #[serde(skip)]
    binding: Binding,
    /// Why this browser's session is over, if it still carries the old cookie.
    #[serde(skip)]
    pub ended: Option<EndReason>,
}

/// What the sections inside a page follow: the same permissions as the routes.
#[derive(Default, Serialize)]
struct May {
    look: bool,
    audit: bool,
    end_sessions: bool,
    manage_accounts: bool,
    administer: bool,
}

impl May {
    fn is_nothing(&self) -> bool {
        !self.look
    }

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
    #[expect(clippy::disallowed_methods, reason = "the one place that draws pages")]
    pub fn render(self, name: &'static str, content: impl Serialize) -> Template {
        #[derive(Serialize)]
        struct Framed<C> {
            page: Page,
            #[serde(flatten)]
            content: C,
        }
        Template::render(name, Framed { page: self, content })
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
        let recent = principal.is_some_and(|principal| {
            Now::of(request).since(principal.auth_time) < doorward.settings.recent_login
        });
        let may = principal.map(|principal| May::of(&principal.roles)).unwrap_or_default();
        Outcome::Success(Self {
            csrf: csrf::token(&doorward.keys, "std", &binding),
            signed_in: principal.is_some(),
            section: "",
            recent,
            staff: may.look,
            may,
            message: message.map(Note::shown),
            registration_open: doorward.settings.registration == Registration::Open,
            keys: Arc::clone(&doorward.keys),
            binding,
            ended,
        })
    }
}
