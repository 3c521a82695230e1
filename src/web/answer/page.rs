//! The frame around every page: CSRF token, who is signed in, navigation, the
//! message left by the step before. Taken by every route that answers with
//! HTML, so that no page lacks its frame.

use std::sync::Arc;

use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder};
use rocket_dyn_templates::tera::{self, Context};
use serde::Serialize;

use super::engine::Engine;
use super::frame::{May, Surroundings};
use super::message::{Messages, Note, Shown};
use super::sections::Navigation;
use crate::base::keys::Keys;
use crate::base::timestamp::Timestamp;
use crate::base::zone::Zone;
use crate::domain::accounts::AccountId;
use crate::domain::one_time::HeldForm;
use crate::domain::sessions::{EndReason, SessionId};
use crate::service::Doorward;
use crate::service::settings::Registration;
use crate::web::form::csrf::{self, Binding};
use crate::web::form::held::Found;
use crate::web::request::cookies::{Cookie, Outgoing, Received};
use crate::web::request::identity::{Identity, identity};
use crate::web::request::now::Now;
use crate::web::request::request_id::RequestId;

/// A page of HTML, drawn when it is sent.
pub struct Html {
    name: &'static str,
    content: tera::Result<Context>,
    around: Surroundings,
    message: Option<Shown>,
    csrf: String,
}

impl<'r> Responder<'r, 'static> for Html {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let engine: &Engine = request.rocket().state().expect("the engine is managed");
        let frame = (self.around, self.message.as_ref(), self.csrf.as_str());
        let drawn = self.content.and_then(|content| engine.page(self.name, &content, frame));
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
    around: Surroundings,
    navigation: Navigation,
    message: Option<Shown>,
    keys: Arc<Keys>,
    binding: Binding,
    now: Timestamp,
    zone: Zone,
    held: Option<HeldForm>,
    /// Whose page it is, and of which session.
    who: Option<(AccountId, SessionId)>,
    /// Why this browser's session is over, if it still carries the old cookie.
    pub ended: Option<EndReason>,
}

impl Page {
    /// Marks the entry of the navigation that leads here: for staff its path
    /// without the first stroke.
    pub fn in_section(mut self, section: &'static str) -> Self {
        self.around.section = section;
        self
    }

    /// Draws `templates/NAME.html.tera` in this frame.
    pub fn render(self, name: &'static str, content: impl Serialize) -> Html {
        let mut around = self.around;
        // Nobody else has a button outside the page's own form, but for an undo
        // that is shown when the session is over.
        let csrf = match around.signed_in || self.message.is_some() {
            true => self.csrf_for("std"),
            false => String::new(),
        };
        let content = Context::from_serialize(content).map(|mut content| {
            let errors = content.get("form").and_then(|form| form["errors"].as_array());
            around.refused = errors.is_some_and(|errors| !errors.is_empty());
            around.tell_page(&mut content);
            if around.section.starts_with("admin") {
                let entries = self.navigation.entries(around.may, around.section);
                content.insert("page_sections", &entries);
                if let Some((account, session)) = self.who {
                    // What is about the person themselves is marked as such.
                    content.insert("page_you", &account.to_string());
                    content.insert("page_session", &session.to_string());
                }
            }
            content.insert("page_csrf", &csrf);
            content.insert("page_now", &self.now.0);
            content.insert("page_zone", self.zone.name());
            content
        });
        Html { name, content, around, message: self.message, csrf }
    }

    /// What was typed into the form of this page, and held while the password
    /// was asked for: names of fields, and texts.
    pub fn held_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let held = self.held.iter().flat_map(|held| &held.fields);
        held.map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The same of one field.
    pub fn held_field(&self, name: &str) -> Option<&str> {
        self.held_fields().find(|(known, _)| *known == name).map(|(_, text)| text)
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
            Messages::of(request).verify(&doorward.keys, value, Now::of(request))
        });
        let around = Surroundings {
            signed_in: principal.is_some(),
            section: "",
            may: principal.map(|principal| May::from(&principal.roles)).unwrap_or_default(),
            registration_open: doorward.settings.web.registration == Registration::Open,
            refused: false,
        };
        Outcome::Success(Self {
            around,
            navigation: Navigation::of(request),
            message: message.map(Note::shown),
            keys: Arc::clone(&doorward.keys),
            binding,
            now: Now::of(request),
            zone: doorward.settings.web.time_zone,
            who: principal.map(|principal| (principal.account, principal.session)),
            held: Found::of(request).map(|found| found.form.clone()),
            ended,
        })
    }
}
