//! The page to go to after a form. It arrives in the address, so a link from
//! elsewhere could set it: only our own pages are accepted (CWE-601).

use std::fmt;

use rocket::Request;
use rocket::http::uri::Origin;
use rocket::http::{Method, RawStr};

use crate::base::percent::{is_unreserved, percent_encoded};

/// The path of one of our own pages, perhaps with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPage(String);

impl OwnPage {
    /// The first parts of paths that somebody may be led to.
    const PAGES: [&str; 4] = ["account", "admin", "confirm", Self::ENTER];
    const MOST_BYTES: usize = 512;
    /// The page that leads into an application carries an address of that.
    const ENTER: &str = "enter";
    const MOST_BYTES_TO_ENTER: usize = 4096;

    /// The page in `text`; `None` for anything that could lead elsewhere.
    ///
    /// Browsers read a backslash as a slash, leave tabs and line breaks out and
    /// take dot segments away, written `%2e` or not; `//host` is another site.
    /// So none of these may be there, even once decoded.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        let enters = text.strip_prefix("/enter").is_some_and(|rest| rest.starts_with('?'));
        let most = if enters { Self::MOST_BYTES_TO_ENTER } else { Self::MOST_BYTES };
        if text.len() > most || !text.bytes().all(plain) {
            return None;
        }
        Origin::parse(text).ok()?;
        let path = text.split('?').next()?;
        let decoded = RawStr::new(path).percent_decode().ok()?;
        // What is still encoded now was encoded twice.
        if decoded.contains(['\\', '%']) || decoded.contains(char::is_control) {
            return None;
        }
        let mut parts = decoded.strip_prefix('/')?.split('/').peekable();
        if !Self::PAGES.contains(parts.peek()?) {
            return None;
        }
        let strange = |part: &str| matches!(part, "" | "." | "..");
        (!parts.any(strange)).then(|| Self(text.to_owned()))
    }

    /// The page that a request is about: the one asked for, or for a form the
    /// page it stands on.
    pub fn of(request: &Request<'_>) -> Self {
        let uri = request.uri();
        if request.method() == Method::Get {
            return Self::parse(&uri.to_string()).unwrap_or_default();
        }
        let is_page = |path: &str| {
            let mut routes = request.rocket().routes();
            routes.any(|route| route.method == Method::Get && fits(route.uri.path(), path))
        };
        let mut path = uri.path().as_str();
        while !is_page(path) {
            let Some((parent, _)) = path.rsplit_once('/') else { return Self::default() };
            path = parent;
        }
        Self::parse(path).unwrap_or_default()
    }

    /// The page to go to after a form. What leads to another host has a page of
    /// its own in between: browsers hold the whole chain of redirects after a form against
    /// its `form-action`.
    pub fn after_form(&self) -> String {
        match self.0.strip_prefix("/enter?") {
            Some(query) => format!("/enter/on?{query}"),
            None => self.0.clone(),
        }
    }

    /// Where staff begin.
    pub fn admin() -> Self {
        Self("/admin".to_owned())
    }

    /// The path as the value of a query parameter.
    pub fn encoded(&self) -> String {
        percent_encoded(&self.0, |byte| is_unreserved(byte) || byte == b'/')
    }
}

/// Whether a path is one of that address, which may have variable parts.
pub fn fits(address: &str, path: &str) -> bool {
    let (known, asked) = (address.split('/'), path.split('/'));
    let is_same = |(part, other): (&str, &str)| part == other || part.starts_with('<');
    known.clone().count() == asked.clone().count() && known.zip(asked).all(is_same)
}

impl Default for OwnPage {
    fn default() -> Self {
        Self("/account".to_owned())
    }
}

impl fmt::Display for OwnPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_pages_are_believed() {
        for text in [
            "/account",
            "/account/sessions",
            "/admin",
            "/admin/accounts?search=a%20b&after=%2F%2Fx",
            "/confirm?next=/account/delete",
            "/account?a=//b",
        ] {
            let next = OwnPage::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(next.to_string(), text);
        }
        assert!(OwnPage::parse(&format!("/account?{}", "a".repeat(503))).is_some());
        assert_eq!(OwnPage::parse(&OwnPage::default().to_string()), Some(OwnPage::default()));
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_not() {
        for text in [
            "",
            "account",
            "/",
            "//e",
            "//e/account",
            "///e",
            "/\\e",
            "\\/e",
            "/account\\..\\e",
            "https://e/account",
            "javascript:alert(1)",
            "/javascript:alert(1)",
            "%2f%2fe",
            "/%2f%2fe",
            "/%2fe",
            "/%5ce",
            "/account/%5ce",
            "/account?a=\\e",
            "/account?a=\u{e9}",
            "/account%2f..%2f..%2f%2fe",
            "/account/../..//e",
            "/account/..",
            "/account/./sessions",
            "/account/%2e%2e/e",
            "/account/.%2E/e",
            "/account/%252e%252e/e",
            "/account//e",
            "/account/",
            "/account#e",
            "/account%00",
            "/account/%0d%0aLocation:e",
            "/account\r\nLocation: e",
            "/account\t",
            " /account",
            "/account ",
            "/acc\tount",
            "/account\u{7f}",
            "/account\0",
            "/account/é",
            "/account/%ff",
            "/accounts",
            "/ACCOUNT",
            "/login",
            "/logout",
            "/api/me",
            "/account@e",
        ] {
            assert_eq!(OwnPage::parse(text), None, "{text:?}");
        }
        assert_eq!(OwnPage::parse(&format!("/account?{}", "a".repeat(504))), None);
    }

    #[test]
    fn as_a_parameter_it_stays_one_value() {
        let next = OwnPage::parse("/admin/accounts?search=a%20b&after=c").unwrap();
        assert_eq!(next.encoded(), "/admin/accounts%3Fsearch%3Da%2520b%26after%3Dc");
    }
}
