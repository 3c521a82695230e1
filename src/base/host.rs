//! Names of hosts, as browsers write them. A module of its own because the
//! address of the service and those of the applications behind it are read by
//! the same rules.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Scheme of a web address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}

impl Scheme {
    /// The port that an address of the scheme leaves out.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// As it stands in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Host and port of an address, in lower case, without the default port (RFC 3986, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// The authority in `text`, of an address of that scheme; `None` for
    /// anything but a host that browsers write so, and a port.
    pub fn parse(text: &str, scheme: Scheme) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let (host, port) = match lower.rsplit_once(':') {
            // The last colon of [::1] is not that before a port.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (&*lower, None),
        };
        let port = match port {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse::<u16>().ok().filter(|port| *port != 0)?)
            }
            Some(_) => return None,
            None => None,
        };
        let port = port.filter(|port| *port != scheme.default_port());
        Some(Self { host: parse_host(host)?, port })
    }

    /// The host alone; brackets around an IPv6 address stay.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, unless it is the default one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether it is this machine, where browsers keep secure cookies of plain http.
    pub fn is_local(&self) -> bool {
        let host = self.host.as_str();
        matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The host as browsers write it. Names in other scripts must be given in
/// their xn-- form.
pub fn parse_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let fits = host.len() <= 253 && host.split('.').all(label_fits);
    let last = host.rsplit('.').next()?;
    // Browsers read a name that ends in a number as an IPv4 address, in one of several notations.
    let numeric = last.starts_with(|c: char| c.is_ascii_digit());
    (fits && (!numeric || host.parse::<Ipv4Addr>().is_ok())).then(|| host.to_owned())
}

/// The name of the host that a Host header has, however it is written: without
/// capitals, port and final dot.
pub fn name_in(header: &str) -> String {
    let lower = header.to_ascii_lowercase();
    let name = match lower.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => &lower,
    };
    let name = name.trim_end_matches('.');
    parse_host(name).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_has_no_capitals_and_no_default_port() {
        let written = |text, scheme| Authority::parse(text, scheme).map(|known| known.to_string());
        for (text, scheme, expected) in [
            ("Wiki.Example.ORG", Scheme::Https, Some("wiki.example.org")),
            ("wiki.example.org:443", Scheme::Https, Some("wiki.example.org")),
            ("wiki.example.org:443", Scheme::Http, Some("wiki.example.org:443")),
            ("wiki.localhost:8080", Scheme::Http, Some("wiki.localhost:8080")),
            ("[::1]:80", Scheme::Http, Some("[::1]")),
            ("wiki.example.org:0", Scheme::Https, None),
            ("wiki.example.org:", Scheme::Https, None),
            ("wiki.example.org:65536", Scheme::Https, None),
            ("wiki.example.org.", Scheme::Https, None),
            ("u@wiki.example.org", Scheme::Https, None),
            ("wiki.example.org/x", Scheme::Https, None),
            ("*.example.org", Scheme::Https, None),
            ("", Scheme::Https, None),
        ] {
            assert_eq!(written(text, scheme).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        let local = |text| Authority::parse(text, Scheme::Http).unwrap().is_local();
        for name in ["localhost", "localhost:8000", "wiki.localhost", "127.0.0.1", "[::1]:1"] {
            assert!(local(name), "{name}");
        }
        for name in ["localhost.example.org", "notlocalhost", "127.0.0.2", "10.0.0.1"] {
            assert!(!local(name), "{name}");
        }
    }
}
