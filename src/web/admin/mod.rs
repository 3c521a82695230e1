//! `/admin`: the pages of staff. Every route takes a staff guard.

mod accounts;

use rocket::Route;

/// The addresses below `/admin`.
pub fn routes() -> Vec<Route> {
    accounts::routes()
}
