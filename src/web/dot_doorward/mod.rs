//! `/.doorward`: our pages on the hosts of applications. Nothing there changes
//! anything for a form: scripts of the application could press its button.

pub mod callback;
mod cookies;
pub mod enter;
pub mod entered;
pub mod explain;
pub mod leave;
pub mod static_files;

use rocket::Route;

/// The addresses below it.
pub fn routes() -> Vec<Route> {
    [
        enter::routes(),
        callback::routes(),
        entered::routes(),
        explain::routes(),
        leave::routes(),
        static_files::routes(),
    ]
    .concat()
}
