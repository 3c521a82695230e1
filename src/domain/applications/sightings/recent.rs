//! The last refusals of each application. They are in memory only: they say
//! what people open.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use uuid::Uuid;

use super::cause::Cause;
use crate::base::timestamp::Timestamp;

/// So many are kept of each application.
const MOST: usize = 50;

/// So many bytes of a path are kept.
const MOST_PATH: usize = 200;

/// A request that was not let through.
#[derive(Clone, Debug)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// Its method; empty where the proxy sent none that can be read.
    pub method: String,
    /// Its path, as [`shortened`]; empty where the proxy sent none.
    pub path: String,
    /// The status of the answer.
    pub answer: u16,
    /// Why.
    pub cause: Cause,
    /// Whether a script asked, and so got a status where a person gets a redirect or a page.
    pub is_script: bool,
    /// Whether several rules had to be passed at once.
    pub has_several_rules: bool,
    /// For what a browser asked, as `Sec-Fetch-Dest` says.
    pub destination: String,
    /// The names of our cookies that came along.
    pub cookies: Vec<&'static str>,
}

/// A path without its query, of at most 200 bytes.
pub fn shortened(uri: &str) -> String {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let end = path.floor_char_boundary(MOST_PATH);
    path[..end].chars().filter(|c| !c.is_control()).collect()
}

#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<HashMap<Uuid, VecDeque<Refused>>>);

impl Recent {
    pub(super) fn push(&self, application: Uuid, refused: Refused) {
        let mut all = self.0.lock().expect("no panic while the lock is held");
        let of_one = all.entry(application).or_default();
        of_one.truncate(MOST - 1);
        of_one.push_front(refused);
    }

    pub(super) fn of(&self, application: Uuid) -> Vec<Refused> {
        let all = self.0.lock().expect("no panic while the lock is held");
        all.get(&application).map(|refused| refused.iter().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_without_its_query_and_never_long() {
        assert_eq!(shortened("/a/b?secret=1#x"), "/a/b");
        assert_eq!(shortened(&format!("/{}", "a".repeat(500))).len(), 200);
        assert_eq!(shortened(&"\u{e9}".repeat(101)), "\u{e9}".repeat(100));
        assert_eq!(shortened("/a\u{1b}[31mb"), "/a[31mb");
    }

    #[test]
    fn the_newest_fifty_of_an_application_are_kept() {
        let (recent, wiki) = (Recent::default(), Uuid::from_u128(1));
        for number in 0..60 {
            let refused = Refused {
                at: Timestamp(number),
                method: "GET".to_owned(),
                path: "/".to_owned(),
                answer: 401,
                cause: Cause::NoCookie,
                is_script: false,
                has_several_rules: false,
                destination: String::new(),
                cookies: vec![],
            };
            recent.push(wiki, refused);
        }
        let kept: Vec<i64> = recent.of(wiki).iter().map(|refused| refused.at.0).collect();
        assert_eq!(kept, (10..60).rev().collect::<Vec<_>>());
        assert!(recent.of(Uuid::from_u128(2)).is_empty());
    }
}
