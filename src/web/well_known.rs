//! `/.well-known/jwks.json`: the public keys with which applications verify
//! what they are told. It answers whatever the Host header says, because
//! applications ask by a name of the internal network.

use rocket::http::{ContentType, Header};
use rocket::response::{self, Responder, Response};
use rocket::{Request, Route, get, routes};

use crate::base::keys::Purpose;
use crate::web::answer::failure::Failure;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![public_keys]
}

/// A set of keys as JSON.
struct KeySet(String);

#[get("/.well-known/jwks.json")]
fn public_keys(doorward: &Service, now: Now) -> Result<KeySet, Failure> {
    let keys = doorward.keys.ring().public_jwks(Purpose::Assertion, now.0)?;
    Ok(KeySet(keys.to_string()))
}

impl<'r> Responder<'r, 'static> for KeySet {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build()
            .header(ContentType::JSON)
            // A key is announced for longer than that.
            .header(Header::new("Cache-Control", "public, max-age=300"))
            // The same for everybody, whatever their cookies.
            .header(Header::new("Vary", "Accept-Encoding"))
            .sized_body(self.0.len(), std::io::Cursor::new(self.0))
            .ok()
    }
}
