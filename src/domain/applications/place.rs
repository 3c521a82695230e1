//! Where an application is reached: its hosts.

use std::fmt;

use crate::base::host::{Authority, Scheme, parse_host};

/// A host, as `wiki.example.org` or `wiki.localhost:8080`, or all hosts below
/// one, as `*.apps.example.org`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPattern {
    name: String,
    port: Option<u16>,
    is_wildcard: bool,
}

impl HostPattern {
    /// The pattern in `text`.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (rest, is_wildcard) = match lower.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (&*lower, false),
        };
        let known = Authority::parse(rest, Scheme::Https)?;
        // `*.org` would be everybody's; numbers have no hosts below them.
        let is_name = known.host().contains('.') || known.host() == "localhost";
        let is_number = known.host().starts_with('[')
            || known.host().split('.').all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        if is_wildcard && (!is_name || is_number) {
            return None;
        }
        Some(Self { name: known.host().to_owned(), port: known.port(), is_wildcard })
    }

    /// Whether that host is one of these.
    pub fn fits(&self, asked: &Authority) -> bool {
        self.port == asked.port() && self.fits_name(asked.host())
    }

    /// Whether a host of that name is one of these, whatever the port: cookies know no ports.
    pub fn fits_name(&self, host: &str) -> bool {
        if !self.is_wildcard {
            return host == self.name;
        }
        let below = host.strip_suffix(&*self.name).and_then(|below| below.strip_suffix('.'));
        below.is_some_and(|below| parse_host(below).is_some())
    }

    /// Without the port, as no two applications may have it.
    pub fn key(&self) -> String {
        format!("{}{}", if self.is_wildcard { "*." } else { "" }, self.name)
    }

    /// The port, unless it is that of https.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Of two that fit, the more specific is the greater: a single host, then the longer name.
    pub(super) fn specificity(&self) -> (bool, usize) {
        (!self.is_wildcard, self.name.len())
    }

    /// The host, if it is a single one.
    pub fn single(&self) -> Option<Authority> {
        let authority = Authority::parse(&self.to_string(), Scheme::Https);
        authority.filter(|_| !self.is_wildcard)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_compared_without_case_and_with_its_port() {
        let asked = |text| Authority::parse(text, Scheme::Https).unwrap();
        let fits = |pattern, host| HostPattern::parse(pattern).unwrap().fits(&asked(host));
        assert!(fits("Wiki.example.org", "wiki.EXAMPLE.org:443"));
        assert!(!fits("wiki.example.org", "wiki.example.org:8443"));
        assert!(fits("*.example.org", "a.b.example.org"));
        for other in ["example.org", "aexample.org", "a.example.org.evil.org"] {
            assert!(!fits("*.example.org", other), "{other}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "*", "*.org", "a b", "https://a.org", "a.org/", "*.1.2.3.4", "a.*.org"] {
            assert_eq!(HostPattern::parse(text), None, "{text}");
        }
    }
}
