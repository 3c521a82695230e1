//! A download, sent as it is read.

use rocket::Responder;
use rocket::http::{ContentType, Header};
use rocket::response::stream::TextStream;

/// The answer that a browser keeps as a file.
#[derive(Responder)]
pub struct Download<S> {
    body: TextStream<S>,
    kind: ContentType,
    disposition: Header<'static>,
}

impl<S> Download<S> {
    /// The parts of a file of that name and kind.
    pub fn new(name: &str, kind: ContentType, parts: S) -> Self {
        Self { body: TextStream(parts), kind, disposition: disposition(name) }
    }
}

/// A short one, which is there already.
#[derive(Responder)]
pub struct File {
    body: String,
    kind: ContentType,
    disposition: Header<'static>,
}

impl File {
    /// A file of that name and kind.
    pub fn new(name: &str, kind: ContentType, body: String) -> Self {
        Self { body, kind, disposition: disposition(name) }
    }
}

fn disposition(name: &str) -> Header<'static> {
    Header::new("Content-Disposition", format!("attachment; filename=\"{name}\""))
}
