//! `/api`: the same for scripts. Tokens come in the `Authorization` header
//! (RFC 6750) and go out as JSON; cookies are never read here, so there is no
//! CSRF to guard against.

mod bearer;
mod error;
mod json;
mod login;
mod logout;
mod me;
mod refresh;
mod tokens;

use rocket::Route;

/// The addresses below `/api`.
pub fn routes() -> Vec<Route> {
    [login::routes(), refresh::routes(), logout::routes(), me::routes()].concat()
}
