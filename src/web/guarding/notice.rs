//! A page that stands alone: on our own host between two hosts, and on the
//! hosts of applications, where it has its files below `/.doorward/`.

use rocket::Request;
use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder};
use rocket_dyn_templates::tera::Context;
use serde::Serialize;

use crate::web::answer::engine::Engine;
use crate::web::answer::redirect::SeeOther;
use crate::web::request::request_id::RequestId;

/// A way on, or a page.
#[derive(Responder)]
pub enum Shown {
    /// A way on.
    Elsewhere(Box<SeeOther>),
    /// A page.
    Page(Box<Notice>),
}

/// A link.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    to: String,
    words: String,
}

/// One thing to do, in order.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    words: String,
    to: Option<String>,
    new_tab: bool,
}

/// Something that is known, by its name.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    name: &'static str,
    value: String,
}

/// Where the browser goes without a click.
#[derive(Clone, Debug, Serialize)]
struct Onward {
    to: String,
    words: String,
    after: u8,
}

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    #[serde(skip)]
    status: Status,
    /// Whether it is shown on the host of an application.
    #[serde(skip)]
    is_elsewhere: bool,
    title: String,
    sentences: Vec<String>,
    facts: Vec<Fact>,
    steps: Vec<Step>,
    links: Vec<Link>,
    onward: Option<Onward>,
}

impl Notice {
    /// A page on the host of an application.
    pub fn elsewhere(status: Status, title: impl Into<String>) -> Self {
        Self {
            status,
            is_elsewhere: true,
            title: title.into(),
            sentences: vec![],
            facts: vec![],
            steps: vec![],
            links: vec![],
            onward: None,
        }
    }

    /// A page on our own host.
    pub fn here(status: Status, title: impl Into<String>) -> Self {
        Self { is_elsewhere: false, ..Self::elsewhere(status, title) }
    }

    /// With a paragraph more.
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.sentences.push(sentence.into());
        self
    }

    /// With something that is known.
    pub fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { name, value: value.into() });
        self
    }

    /// With something more to do.
    pub fn step(mut self, words: impl Into<String>) -> Self {
        self.steps.push(Step { words: words.into(), to: None, new_tab: false });
        self
    }

    /// The same, at an address that is opened in a new tab.
    pub fn step_in_new_tab(mut self, words: impl Into<String>, to: impl Into<String>) -> Self {
        self.steps.push(Step { words: words.into(), to: Some(to.into()), new_tab: true });
        self
    }

    /// With a link below it.
    pub fn link(mut self, words: impl Into<String>, to: impl Into<String>) -> Self {
        self.links.push(Link { to: to.into(), words: words.into() });
        self
    }

    /// The browser goes on without a click, after so many seconds.
    pub fn onward(mut self, words: impl Into<String>, to: impl Into<String>, after: u8) -> Self {
        self.onward = Some(Onward { to: to.into(), words: words.into(), after });
        self
    }

    fn draw(&self, request: &Request<'_>) -> Result<String, Status> {
        let engine: &Engine = request.rocket().state().expect("the engine is managed");
        let drawn = Context::from_serialize(self).and_then(|content| engine.notice(&content));
        let text = drawn.map_err(|error| {
            tracing::error!(id = RequestId::of(request), ?error, "page.undrawn");
            Status::InternalServerError
        })?;
        // `/static/` is the application's there.
        Ok(if self.is_elsewhere {
            text.replace("\"/static/", "\"/.doorward/static/")
        } else {
            text
        })
    }
}

impl<'r> Responder<'r, 'static> for Notice {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        (self.status, (ContentType::HTML, self.draw(request)?)).respond_to(request)
    }
}
