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
pub struct Sections(pub &'static [Section]);

/// The navigation as the page of one request shows it.
pub struct Navigation {
    sections: &'static [Section],
    /// The entry that leads to this very page, if one does.
    here: Option<&'static str>,
}

/// An entry as the template shows it.
#[derive(Serialize)]
pub struct Entry {
    path: &'static str,
    title: &'static str,
    /// The value of `aria-current`: `page` on the page itself, `true` on one below it.
    current: &'static str,
}

impl Navigation {
    /// The one for this request.
    pub fn of(request: &Request<'_>) -> Self {
        let Sections(sections) = request.rocket().state().expect("the sections are managed");
        let path = request.uri().path();
        let here = sections.iter().find(|section| path == section.path);
        Self { sections, here: here.map(|section| section.path) }
    }

    /// The entries for somebody who may do that, on a page of `section`.
    pub fn entries(&self, may: May, section: &str) -> Vec<Entry> {
        let allowed = self.sections.iter().filter(|entry| may.allows(entry.permission));
        let entry = |&Section { path, title, .. }: &Section| {
            let current = match path.strip_prefix('/') == Some(section) {
                true if self.here == Some(path) => "page",
                true => "true",
                false => "",
            };
            Entry { path, title, current }
        };
        allowed.map(entry).collect()
    }
}
