//! Every cookie, read and written in one place. Rocket's jar is not used: it
//! decodes cookie *names*, so that `__%48ost-at`, which any neighbouring host
//! may set, would pass for `__Host-at`; and it forgets what was set when a
//! catcher answers.

use std::sync::Mutex;

use rocket::Request;
use rocket::http::RawStr;
use time::Duration;

use crate::domain::sessions::Issued;

/// The cookies of this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// Names the form session of somebody who is not signed in.
    Form,
    /// The code of a message to show after a redirect.
    Message,
    /// Says that an account was logged in with this browser before.
    Known,
    /// An entry, at the host of an application.
    Entry,
    /// Tells browsers apart that enter an application, at its host.
    Nonce,
}

const ALL: [Cookie; 7] = [
    Cookie::Access,
    Cookie::Refresh,
    Cookie::Form,
    Cookie::Message,
    Cookie::Known,
    Cookie::Entry,
    Cookie::Nonce,
];

impl Cookie {
    /// The name on the wire. Browsers keep a `__Host-` cookie only if it is
    /// `Secure`, of this very host and of the path `/` (RFC 6265bis).
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "__Host-at",
            Self::Refresh => "__Host-rt",
            Self::Form => "__Host-pre",
            Self::Message => "__Host-msg",
            Self::Known => "__Host-dev",
            Self::Entry => "__Host-fa",
            Self::Nonce => "__Host-fn",
        }
    }
}

/// What a request brought along.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    values: [Option<String>; ALL.len()],
    /// Somebody tried to pass another cookie as ours. It was ignored.
    pub spoofed: bool,
}

impl Received {
    /// The cookies of `request`, read once however many ask.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self::parse(request.headers().get("cookie")))
    }

    /// Reads raw `Cookie` headers: exact names, values of token characters only.
    /// A name that would only be ours after decoding is ignored:
    /// browsers let no other host set our cookies, and any host set that one, so
    /// it must neither be trusted nor keep a person out. Of an exact name that
    /// occurs twice no value is used.
    pub fn parse<'h>(headers: impl Iterator<Item = &'h str>) -> Self {
        let mut received = Self::default();
        for pair in headers.flat_map(|header| header.split(';')) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Only what separates two pairs: no browser sends a blank before the `=`.
            let name = name.trim_start_matches([' ', '\t']);
            match ALL.iter().position(|cookie| cookie.name() == name) {
                Some(place) if received.values[place].is_none() => {
                    let value = value.trim_matches([' ', '\t']);
                    let value = if is_token(value) { value } else { "" };
                    received.values[place] = Some(value.to_owned());
                }
                Some(place) => {
                    received.values[place] = Some(String::new());
                    received.spoofed = true;
                }
                None => received.spoofed |= pretends(name),
            }
        }
        received
    }

    /// The names of those that came along.
    pub fn names(&self) -> Vec<&'static str> {
        let came = |cookie: &Cookie| self.values[*cookie as usize].is_some();
        ALL.into_iter().filter(came).map(Cookie::name).collect()
    }

    /// The value of one cookie.
    pub fn get(&self, cookie: Cookie) -> Option<&str> {
        self.values[cookie as usize].as_deref().filter(|value| !value.is_empty())
    }
}

fn is_token(value: &str) -> bool {
    let is_fit =
        |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    value.len() <= 4096 && value.bytes().all(is_fit)
}

/// Whether a laxer parser would take `name` for ours.
fn pretends(name: &str) -> bool {
    let decoded = RawStr::new(name).percent_decode_lossy();
    let bare = decoded.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    ALL.iter().any(|cookie| bare.eq_ignore_ascii_case(cookie.name()))
}

/// What the answer will set; written into it by `web::headers`, in any case.
#[derive(Default)]
pub struct Outgoing(Mutex<Vec<(Cookie, String)>>);

impl Outgoing {
    /// The cookies that the answer to `request` will set.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// Sets a cookie; without `life` the browser keeps it until it is closed.
    pub fn set(&self, cookie: Cookie, value: &str, life: Option<Duration>) {
        let life = life.map(|life| format!("; Max-Age={}", life.whole_seconds().max(0)));
        let life = life.unwrap_or_default();
        let name = cookie.name();
        // One form for all, removal included: a browser refuses to touch a
        // `__Host-` cookie through a header that lacks any of these.
        let line = format!("{name}={value}; HttpOnly; Secure; SameSite=Lax; Path=/{life}");
        let mut lines = self.0.lock().expect("no panic while the lock is held");
        lines.retain(|(other, _)| *other != cookie);
        lines.push((cookie, line));
    }

    /// Makes the browser forget a cookie.
    pub fn remove(&self, cookie: Cookie) {
        self.set(cookie, "", Some(Duration::ZERO));
    }

    /// Hands the browser a session's tokens.
    pub fn set_tokens(&self, issued: &Issued) {
        let (access, life) = &issued.access_token;
        self.set(Cookie::Access, access, Some(*life));
        self.set(Cookie::Refresh, &issued.refresh_token, issued.remembered);
    }

    /// Makes the browser forget its session.
    pub fn remove_tokens(&self) {
        self.remove(Cookie::Access);
        self.remove(Cookie::Refresh);
    }

    /// The `Set-Cookie` lines, for the answer.
    pub fn take(&self) -> Vec<String> {
        let mut lines = self.0.lock().expect("no panic while the lock is held");
        std::mem::take(&mut *lines).into_iter().map(|(_, line)| line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(headers: &[&str]) -> (Option<&'static str>, bool) {
        let received = Received::parse(headers.iter().copied());
        let access = received.get(Cookie::Access).map(|value| &*value.to_owned().leak());
        (access, received.spoofed)
    }

    #[test]
    fn a_cookie_is_read_by_its_exact_name() {
        assert_eq!(access(&["a=b; __Host-at=abc.def"]), (Some("abc.def"), false));
        assert_eq!(access(&["a=b", "\t__Host-at=abc "]), (Some("abc"), false));
        assert_eq!(access(&["__Host-att=abc"]), (None, false));
        assert_eq!(access(&[]), (None, false));
    }

    #[test]
    fn a_value_of_other_characters_is_no_token() {
        assert_eq!(access(&["__Host-at=a b"]), (None, false));
        assert_eq!(access(&["__Host-at=\"abc\""]), (None, false));
        assert_eq!(access(&["__Host-at="]), (None, false));
    }

    #[test]
    fn a_name_that_would_become_ours_by_decoding_is_noted_and_ignored() {
        for spoof in [
            "__%48ost-at=evil",
            "%5F%5FHost-at=evil",
            "\u{2000}__Host-at=evil",
            "\u{a0}__Host-at=evil",
            "__Host-at\u{3000}=evil",
            "\u{85}__Host-at=evil",
            "__host-AT=evil",
            "__Host-at =evil",
        ] {
            for both in [format!("__Host-at=good; {spoof}"), format!("{spoof}; __Host-at=good")] {
                assert_eq!(access(&[&both]), (Some("good"), true), "{spoof}");
            }
            assert_eq!(access(&[spoof]), (None, true), "{spoof}");
        }
    }

    #[test]
    fn a_cookie_sent_twice_is_not_believed_and_others_are() {
        assert_eq!(access(&["__Host-at=one; __Host-at=two"]), (None, true));
        assert_eq!(access(&["__Host-at=one", "__Host-at=two"]), (None, true));
        assert_eq!(access(&["__Host-at=one; __Host-at=two; __Host-at=three"]), (None, true));
        assert_eq!(access(&["__Host-rt=one; __Host-at=two; __Host-rt=three"]), (Some("two"), true));
    }

    #[test]
    fn every_cookie_set_or_removed_has_all_attributes() {
        let outgoing = Outgoing::default();
        outgoing.set(Cookie::Refresh, "v1", None);
        outgoing.remove(Cookie::Access);
        outgoing.set(Cookie::Refresh, "v2", Some(Duration::minutes(1)));
        assert_eq!(
            outgoing.take(),
            [
                "__Host-at=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0",
                "__Host-rt=v2; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=60",
            ]
        );
    }
}
