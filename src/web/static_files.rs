//! `/static`: stylesheet and icons, which a browser may keep indefinitely.

use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};
use rocket::{Request, Route, get, routes};
use rust_embed::EmbeddedFile;

use crate::web::answer::assets;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![file]
}

struct Asset(&'static str, EmbeddedFile);

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Self(name, file) = self;
        let ending = name.rsplit('.').next().unwrap_or_default();
        let mut kind = ContentType::from_extension(ending).unwrap_or(ContentType::Binary);
        if kind == ContentType::SVG {
            // Rocket says it of plain text only (ASVS V4.1.1).
            kind = ContentType::new("image", "svg+xml").with_params(("charset", "utf-8"));
        }
        let body = file.data.into_owned();
        Response::build()
            .header(kind)
            .header(Header::new("Cache-Control", "public, max-age=31536000, immutable"))
            // The same for everybody, whatever their cookies.
            .header(Header::new("Vary", "Accept-Encoding"))
            .sized_body(body.len(), std::io::Cursor::new(body))
            .ok()
    }
}

#[get("/static/<name>")]
fn file(name: &str) -> Result<Asset, Status> {
    assets::named(name).map(|(name, file)| Asset(name, file)).ok_or(Status::NotFound)
}
