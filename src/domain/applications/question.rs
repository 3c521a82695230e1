//! What a proxy asks about: the request of a visitor, read from the headers in
//! which the proxy describes it. A question that exists has been read in one
//! way only.

use std::fmt;
use std::net::IpAddr;

use crate::base::host::{Authority, Scheme};

/// The longest address that is read, in bytes.
const MOST_URI: usize = 8192;

/// Why a question cannot be read. The sender is a proxy: its operator corrects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The header is missing, sent twice, or not text.
    Header(&'static str),
    /// Its value is no method, scheme, host or address.
    Value(&'static str),
    /// Browsers keep no secure cookies there.
    NotHttps,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "The proxy must send the header {name} once."),
            Self::Value(name) => write!(f, "The value of {name} cannot be used."),
            Self::NotHttps => {
                write!(f, "X-Forwarded-Proto says http. Browsers keep the cookie only over https.")
            }
        }
    }
}

/// The four lines that describe a request, by the names of their headers.
pub const METHOD: &str = "X-Forwarded-Method";
/// See [`METHOD`].
pub const PROTO: &str = "X-Forwarded-Proto";
/// See [`METHOD`].
pub const HOST: &str = "X-Forwarded-Host";
/// See [`METHOD`].
pub const URI: &str = "X-Forwarded-Uri";

/// What the request is for, as far as its headers tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nature {
    /// A browser goes to a page, rather than a script asking for data.
    pub is_navigation: bool,
    /// It wants to become a websocket or the like.
    pub upgrades: bool,
    /// A header names another method than the request has.
    pub overrides_method: bool,
    /// A browser asks on behalf of a script of another site whether it may ask (CORS).
    pub is_preflight: bool,
    /// The client is no browser.
    pub is_tool: bool,
}

/// The request of a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// In capitals.
    pub method: String,
    /// Of the visitor's connection.
    pub scheme: Scheme,
    /// The host the visitor asked for.
    pub host: Authority,
    /// Path and query as they were sent.
    pub uri: String,
    /// The visitor's address.
    pub address: Option<IpAddr>,
    /// What the request is for.
    pub nature: Nature,
}

impl Question {
    /// The question in these four lines.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(
        method: &str,
        proto: &str,
        host: &str,
        uri: &str,
        address: Option<IpAddr>,
        nature: Nature,
    ) -> Result<Self, Unread> {
        let is_method = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
        if method.is_empty() || method.len() > 32 || !method.bytes().all(is_method) {
            return Err(Unread::Value(METHOD));
        }
        let scheme = match proto {
            "https" | "wss" => Scheme::Https,
            "http" | "ws" => Scheme::Http,
            _ => return Err(Unread::Value(PROTO)),
        };
        let known = (host.len() <= 255).then(|| Authority::parse(host, scheme)).flatten();
        let host = known.ok_or(Unread::Value(HOST))?;
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        let is_path = uri.starts_with('/') || (uri == "*" && method == "OPTIONS");
        if uri.len() > MOST_URI || !is_path || !uri.bytes().all(plain) {
            return Err(Unread::Value(URI));
        }
        if scheme == Scheme::Http && !host.is_local() {
            return Err(Unread::NotHttps);
        }
        Ok(Self { method: method.to_owned(), scheme, host, uri: uri.to_owned(), address, nature })
    }

    /// That of somebody who goes to a page of a host, as the check would be asked it.
    pub fn of_navigation(
        (scheme, host): (Scheme, Authority),
        uri: String,
        address: Option<IpAddr>,
    ) -> Self {
        let nature = Nature { is_navigation: true, ..Nature::default() };
        Self { method: "GET".to_owned(), scheme, host, uri, address, nature }
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.uri.split('?').next().unwrap_or_default()
    }

    /// Whether it does nothing but read (RFC 9110, section 9.2.1), as far as
    /// method and headers tell.
    pub fn only_reads(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD")
            && !self.nature.upgrades
            && !self.nature.overrides_method
    }

    /// Scheme, host and port, as the Origin header has them.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.name(), self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, proto: &str, host: &str, uri: &str) -> Result<Question, Unread> {
        Question::read(method, proto, host, uri, None, Nature::default())
    }

    #[test]
    fn a_question_is_read_as_the_proxy_sends_it() {
        let question = read("GET", "https", "Wiki.example.org:443", "/a%2Fb?c=d,e").unwrap();
        assert_eq!(question.origin(), "https://wiki.example.org");
        assert_eq!((question.path(), &*question.uri), ("/a%2Fb", "/a%2Fb?c=d,e"));
        assert!(read("OPTIONS", "wss", "wiki.example.org", "*").is_ok());
        assert!(read("GET", "http", "wiki.localhost:8080", "/").is_ok());
    }

    #[test]
    fn nothing_is_guessed() {
        for (method, proto, host, uri, wrong) in [
            ("", "https", "a.org", "/", METHOD),
            ("get", "https", "a.org", "/", METHOD),
            ("GET,POST", "https", "a.org", "/", METHOD),
            ("GET", "HTTPS", "a.org", "/", PROTO),
            ("GET", "https,http", "a.org", "/", PROTO),
            ("GET", "https", "a.org,b.org", "/", HOST),
            ("GET", "https", "a.org/x", "/", HOST),
            ("GET", "https", "", "/", HOST),
            ("GET", "https", "a.org", "", URI),
            ("GET", "https", "a.org", "a", URI),
            ("GET", "https", "a.org", "*", URI),
            ("GET", "https", "a.org", "https://a.org/", URI),
            ("GET", "https", "a.org", "/a#b", URI),
            ("GET", "https", "a.org", "/a b", URI),
            ("GET", "https", "a.org", "/\u{e9}", URI),
            ("GET", "https", "a.org", "/\r\n", URI),
        ] {
            assert_eq!(read(method, proto, host, uri), Err(Unread::Value(wrong)), "{uri}");
        }
        assert_eq!(read("GET", "http", "a.org", "/"), Err(Unread::NotHttps));
        let long = format!("/{}", "a".repeat(MOST_URI));
        assert_eq!(read("GET", "https", "a.org", &long), Err(Unread::Value(URI)));
    }
}
