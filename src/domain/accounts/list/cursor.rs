//! Where a page of the list of accounts begins.

use uuid::Uuid;

use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

/// The edge of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Whether the page ends before the place, and does not begin after it.
    pub is_backward: bool,
    /// The number of the first row of the page in the whole list, from 1, as
    /// far as it was known when the link was drawn.
    pub first: u64,
    /// The place.
    pub place: Place,
}

/// A place in the list, by what it is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// That of this user name.
    Name(String),
    /// That of this moment and account.
    Moment(Timestamp, AccountId),
    /// That of this number among the searched names.
    Number(i64),
}

impl Cursor {
    /// The cursor in `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        // Longer than any name; and PostgreSQL takes no NUL.
        if text.len() > 200 || text.contains(char::is_control) {
            return None;
        }
        let mut parts = text.splitn(3, '~');
        let (kind, first, place) = (parts.next()?, parts.next()?, parts.next()?);
        let (is_backward, kind) = match kind.strip_prefix('-') {
            Some(kind) => (true, kind),
            None => (false, kind),
        };
        let place = match kind {
            "n" => Place::Name(place.to_owned()),
            "s" => Place::Number(place.parse().ok().filter(|number| *number > 0)?),
            "m" => {
                let (moment, id) = place.split_once('~')?;
                let id = AccountId(Uuid::try_parse(id).ok()?);
                Place::Moment(Timestamp(moment.parse().ok()?), id)
            }
            _ => return None,
        };
        // No list is longer, and what is added to it must not overflow.
        let first = first.parse().ok().filter(|first| (1..1 << 40).contains(first))?;
        Some(Self { is_backward, first, place })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (direction, first) = (if self.is_backward { "-" } else { "" }, self.first);
        match &self.place {
            Place::Name(name) => write!(f, "{direction}n~{first}~{name}"),
            Place::Moment(moment, id) => write!(f, "{direction}m~{first}~{}~{id}", moment.0),
            Place::Number(number) => write!(f, "{direction}s~{first}~{number}"),
        }
    }
}
