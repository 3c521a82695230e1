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
        let disposition = format!("attachment; filename=\"{name}\"");
        Self {
            body: TextStream(parts),
            kind,
            disposition: Header::new("Content-Disposition", disposition),
        }
    }
}
