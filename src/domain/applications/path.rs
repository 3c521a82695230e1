//! Paths of rules: which part of an application a rule is about.

use std::fmt;

/// One path, as `/robots.txt`, or all that begin so, as `/admin*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathPattern {
    start: String,
    folded: String,
    is_exact: bool,
}

impl PathPattern {
    const MOST_BYTES: usize = 256;

    /// The pattern in `text`. It is written as the path is read once decoded,
    /// in one way only: whatever servers read in several ways is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let (start, is_exact) = match text.strip_suffix('*') {
            Some(start) => (start, false),
            None => (text, true),
        };
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"%\\;?#*\"<>|^`{}".contains(&byte);
        let inner = start.strip_prefix('/')?;
        let whole = inner.strip_suffix('/').unwrap_or(inner);
        let odd = |segment: &str| segment.is_empty() || segment.ends_with('.');
        if start.len() > Self::MOST_BYTES
            || !start.bytes().all(plain)
            || (!whole.is_empty() && whole.split('/').any(odd))
            || inner == "/"
        {
            return None;
        }
        Some(Self { start: start.to_owned(), folded: start.to_ascii_lowercase(), is_exact })
    }

    /// Whether a reading of a path is one of these.
    pub(super) fn fits(&self, path: &str) -> bool {
        Self::begins(&self.start, self.is_exact, path)
    }

    /// The same without regard to case, for a reading in lower case.
    pub(super) fn fits_folded(&self, path: &str) -> bool {
        Self::begins(&self.folded, self.is_exact, path)
    }

    fn begins(start: &str, is_exact: bool, path: &str) -> bool {
        if is_exact { path == start } else { path.starts_with(start) }
    }

    /// Of a path that fits: whether it is the one that is written here, a page or a whole folder.
    pub(super) fn names(&self, path: &str) -> bool {
        self.ends_at_a_border() && path.len() == self.start.len()
    }

    /// Of two that fit, the more specific is the greater: the longer one, or
    /// of the same length the one that means a single path.
    pub(super) fn specificity(&self) -> (usize, bool) {
        (self.start.len(), self.is_exact)
    }

    /// Whether it opens whole folders, or a single path: `/share/*`, but not
    /// `/share*`, which is also `/share-of-staff`.
    pub(super) fn ends_at_a_border(&self) -> bool {
        self.is_exact || self.start.ends_with('/')
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.start)?;
        f.write_str(if self.is_exact { "" } else { "*" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_one_path_or_a_beginning() {
        let fits = |pattern, path| PathPattern::parse(pattern).unwrap().fits(path);
        assert!(fits("/robots.txt", "/robots.txt"));
        assert!(!fits("/robots.txt", "/robots.txt/"));
        assert!(fits("/admin*", "/admin.json"));
        assert!(fits("/share/*", "/share/"));
        assert!(!fits("/share/*", "/share"));
        assert!(fits("/*", "/"));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_pattern() {
        for text in [
            "", "*", "admin", "/a//b", "//", "/a/../b", "/a/./b", "/a/..", "/a%2fb", "/a\\b",
            "/a;b", "/a?b", "/a#b", "/*a", "/a*b", "/a b", "/a.", "/ä", "/a\u{0}",
        ] {
            assert_eq!(PathPattern::parse(text), None, "{text}");
        }
        for text in ["/", "/a", "/a/", "/a/b.txt", "/.well-known/acme-challenge/*", "/a:b"] {
            assert_eq!(PathPattern::parse(text).unwrap().to_string(), text);
        }
    }
}
