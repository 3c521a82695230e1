//! What the address of the list of accounts asks for.

use crate::base::store::Count;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::list::{Filter, Page, Sort, State};
use crate::web::admin::query::{Chip, SCREEN, chosen, link, typed};
use crate::web::answer::view::{counted, grouped};
use crate::web::form::urlencoded;

const SORTS: [(&str, Sort); 3] =
    [("name", Sort::Name), ("opened", Sort::Created), ("login", Sort::LastLogin)];

/// How many rows a page may have.
const SIZES: [(&str, u64); 4] = [("25", 25), ("50", SCREEN), ("100", 100), ("200", 200)];

/// What the address of the list asks for.
#[derive(Clone, rocket::FromForm)]
pub(super) struct AccountsQuery {
    pub(super) q: Option<String>,
    pub(super) role: Option<String>,
    pub(super) state: Option<String>,
    pub(super) sort: Option<String>,
    pub(super) size: Option<String>,
}

impl AccountsQuery {
    /// The filter. What it cannot do leaves a sentence.
    pub(super) fn filter(&self, now: Timestamp, notices: &mut Vec<String>) -> Filter {
        let states = [
            ("active", State::Active),
            ("disabled", State::Disabled),
            ("locked", State::LockedAt(now)),
        ];
        Filter {
            search: typed(self.q.as_deref()),
            role: Some(typed(self.role.as_deref())).filter(|role| !role.is_empty()),
            state: chosen(self.state.as_deref(), &states, "state", notices),
            sort: chosen(self.sort.as_deref(), &SORTS, "order", notices).unwrap_or_default(),
        }
    }

    /// How many rows a page has.
    pub(super) fn size(&self, notices: &mut Vec<String>) -> u64 {
        chosen(self.size.as_deref(), &SIZES, "page size", notices).unwrap_or(SCREEN)
    }

    /// `path` with the same question, from there on.
    pub(super) fn link(&self, path: &str, from: &str) -> String {
        let of = |text: &Option<String>| typed(text.as_deref());
        let parameters = [
            ("q", &*of(&self.q)),
            ("role", &of(&self.role)),
            ("state", &of(&self.state)),
            ("sort", &of(&self.sort)),
            ("size", &of(&self.size)),
            ("from", from),
        ];
        link(path, &parameters)
    }

    /// The filter that such a text asks for; none where it cannot be understood
    /// as a whole: without a part of it, it would find more accounts.
    pub(super) fn filter_of(text: &str, now: Timestamp) -> Option<Filter> {
        let mut fields = urlencoded::parse(text.as_bytes()).ok()?;
        let mut field = |name| fields.remove(name);
        let query = Self {
            q: field("q"),
            role: field("role"),
            state: field("state"),
            sort: field("sort").and(None),
            size: field("size").and(None),
        };
        if !fields.is_empty() {
            return None;
        }
        let mut notices = vec![];
        let filter = query.filter(now, &mut notices);
        notices.is_empty().then_some(filter)
    }

    /// What stands behind the `?` of the list.
    pub(super) fn text(&self) -> String {
        self.link("", "").trim_start_matches('?').to_owned()
    }

    /// Each filter that is on.
    pub(super) fn chips(&self, filter: &Filter) -> Vec<Chip> {
        let mut chips = vec![];
        let mut chip = |words: String, without: Self| {
            let without = without.link("/admin/accounts", "");
            chips.push(Chip { words, without });
        };
        if !filter.search.is_empty() {
            let words = format!("Search: {}", filter.search);
            chip(words, Self { q: None, ..self.clone() });
        }
        if let Some(role) = &filter.role {
            chip(format!("Role: {role}"), Self { role: None, ..self.clone() });
        }
        if let Some(state) = filter.state {
            let state = match state {
                State::Active => "Active",
                State::Disabled => "Disabled",
                State::LockedAt(_) => "Locked",
            };
            chip(format!("State: {state}"), Self { state: None, ..self.clone() });
        }
        chips
    }
}

/// How many there are, and which of them a page has, as in "5,214" and "1–50 of 5,214".
pub(super) fn range_in_words(page: &Page, count: Count) -> (String, String) {
    let shown = page.accounts.len() as u64;
    let last = page.first + shown.saturating_sub(1);
    let all = match count {
        // An account that was added since makes the list longer than it was.
        Count::Exactly(all) => Count::Exactly(all.max(last)),
        Count::MoreThan(most) => Count::MoreThan(most.max(last)),
    };
    let all = counted(all);
    let range = format!("{}–{} of {all}", grouped(page.first), grouped(last));
    (all, range)
}
