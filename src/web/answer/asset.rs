//! A static file as an answer, which a browser may keep indefinitely.

use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};

use super::assets::{self, StaticFile};

/// A static file.
pub struct Asset(&'static StaticFile);

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let StaticFile { name, content } = self.0;
        let ending = name.rsplit('.').next().unwrap_or_default();
        let mut kind = ContentType::from_extension(ending).unwrap_or(ContentType::Binary);
        if kind == ContentType::SVG {
            // Rocket says it of plain text only (ASVS V4.1.1).
            kind = ContentType::new("image", "svg+xml").with_params(("charset", "utf-8"));
        }
        Response::build()
            .header(kind)
            .header(Header::new("Cache-Control", "public, max-age=31536000, immutable"))
            // The same for everybody, whatever their cookies.
            .header(Header::new("Vary", "Accept-Encoding"))
            .sized_body(content.len(), std::io::Cursor::new(content.as_slice()))
            .ok()
    }
}

/// The static file of that hashed name.
///
/// # Errors
/// 404.
pub fn asset(name: &str) -> Result<Asset, Status> {
    assets::named(name).map(Asset).ok_or(Status::NotFound)
}
