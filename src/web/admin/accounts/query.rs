//! What the address of the list of accounts asks for.

use crate::domain::accounts::list::{Filter, Sort};
use crate::web::admin::query::{chosen, link, typed};

const STATES: [(&str, bool); 2] = [("active", false), ("disabled", true)];
const SORTS: [(&str, Sort); 3] =
    [("name", Sort::Name), ("opened", Sort::Opened), ("login", Sort::LastLogin)];

/// What the address of the list asks for.
#[derive(rocket::FromForm)]
pub(super) struct AccountsQuery<'r> {
    pub(super) q: Option<&'r str>,
    pub(super) role: Option<&'r str>,
    pub(super) state: Option<&'r str>,
    pub(super) sort: Option<&'r str>,
}

impl AccountsQuery<'_> {
    /// The filter. What it cannot do leaves a sentence.
    pub(super) fn filter(&self, notices: &mut Vec<String>) -> Filter {
        let filter = Filter {
            search: typed(self.q),
            role: Some(typed(self.role)).filter(|role| !role.is_empty()),
            disabled: chosen(self.state, &STATES, "state", notices),
            sort: chosen(self.sort, &SORTS, "order", notices).unwrap_or_default(),
        };
        if filter.is_by_name() && filter.sort != Sort::Name {
            notices.push(
                "With a search, a role or the state “disabled”, accounts are sorted by name."
                    .to_owned(),
            );
        }
        filter
    }

    /// `path` with the same question, from there on.
    pub(super) fn link(&self, path: &str, from: &str) -> String {
        let parameters = [
            ("q", &*typed(self.q)),
            ("role", &typed(self.role)),
            ("state", self.state.unwrap_or_default()),
            ("sort", self.sort.unwrap_or_default()),
            ("from", from),
        ];
        link(path, &parameters)
    }
}
