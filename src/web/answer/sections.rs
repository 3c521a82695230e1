//! The navigation for staff: its entries, each for those who may open it.

use rocket::Request;
use serde::Serialize;

use super::frame::May;
use crate::domain::accounts::permissions::Permission;

/// An entry of the navigation for staff.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    path: &'static str,
    title: &'static str,
    permission: Permission,
}

impl Section {
    /// The page at `path`, and what its guard asks for.
    pub const fn new(path: &'static str, title: &'static str, permission: Permission) -> Self {
        Self { path, title, permission }
    }
}

/// All entries, in their order; the server manages them.
#[derive(Clone, Copy)]
pub struct Sections(pub &'static [Section]);

/// An entry as the template shows it.
#[derive(Serialize)]
pub struct Entry {
    path: &'static str,
    title: &'static str,
    current: bool,
}

impl Sections {
    /// Those of the server that answers this request.
    pub fn of(request: &Request<'_>) -> Self {
        *request.rocket().state().expect("the sections are managed")
    }

    /// The entries for somebody who may do that, on a page of `section`.
    pub fn entries(self, may: May, section: &str) -> Vec<Entry> {
        let allowed = self.0.iter().filter(|entry| may.allows(entry.permission));
        let entry = |&Section { path, title, .. }: &Section| Entry {
            path,
            title,
            current: path.strip_prefix('/') == Some(section),
        };
        allowed.map(entry).collect()
    }
}
