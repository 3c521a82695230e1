//! The address under which people reach the service. Links, cookies and tokens
//! are made for it, so there is exactly one way to write it.

use crate::base::host::{Authority, Scheme, name_in};

/// Scheme, host and port, written as browsers write an origin: small letters,
/// no default port, no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    whole: String,
    scheme: Scheme,
    authority: Authority,
}

impl BaseUrl {
    /// The address in `text`. Plain http is taken only for this machine:
    /// elsewhere browsers would not keep our cookies.
    ///
    /// # Errors
    /// What is accepted, to be put after "must be".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let shape = "an address like https://login.example.org, without path, query or user";
        let lower = text.trim().to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://").ok_or(shape)?;
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err(shape),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let authority = Authority::parse(rest, scheme).ok_or(shape)?;
        if scheme == Scheme::Http
            && !matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]")
        {
            return Err("an https address; http is only for localhost, 127.0.0.1 and [::1]");
        }
        Ok(Self { whole: format!("{}://{authority}", scheme.name()), scheme, authority })
    }

    /// The whole address, as the Origin header has it: `https://login.example.org`.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// The host alone; brackets around an IPv6 address stay.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Whether a Host header names this address, in any spelling of it.
    pub fn is_named_by(&self, header: &str) -> bool {
        Authority::parse(header, self.scheme).is_some_and(|named| named == self.authority)
    }

    /// Whether a Host header names this host, whatever the port and also with a final dot, which
    /// a proxy leaves out when it chooses a host.
    pub fn has_the_host_of(&self, header: &str) -> bool {
        name_in(header) == self.host()
    }

    /// Whether people reach the service by TLS, here or at a proxy.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_browsers_write_it() {
        for (text, whole, authority, host) in [
            (
                "https://Login.Example.ORG/",
                "https://login.example.org",
                "login.example.org",
                "login.example.org",
            ),
            ("https://a.org:443", "https://a.org", "a.org", "a.org"),
            ("https://a.org:8443", "https://a.org:8443", "a.org:8443", "a.org"),
            ("http://localhost:80", "http://localhost", "localhost", "localhost"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1"),
            ("http://[0:0::1]:8000", "http://[::1]:8000", "[::1]:8000", "[::1]"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]", "[2001:db8::1]", "[2001:db8::1]"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
                "xn--bcher-kva.example",
                "xn--bcher-kva.example",
            ),
        ] {
            let url = BaseUrl::parse(text).unwrap();
            assert_eq!(
                (url.as_str(), &*url.authority.to_string(), url.host()),
                (whole, authority, host)
            );
            assert_eq!(url.is_https(), whole.starts_with("https"));
            assert_eq!(BaseUrl::parse(whole).unwrap(), url);
        }
    }

    #[test]
    fn a_host_header_is_compared_as_a_host() {
        let url = BaseUrl::parse("https://login.example.org").unwrap();
        for header in ["login.example.org", "LOGIN.example.org", "login.example.org:443"] {
            assert!(url.is_named_by(header) && url.has_the_host_of(header), "{header}");
        }
        for header in [
            "login.example.org.",
            "login.example.org.:443",
            "login.example.org:443.",
            "login.example.org:80",
            "login.example.org:",
            "login.example.org:99999",
        ] {
            assert!(!url.is_named_by(header) && url.has_the_host_of(header), "{header}");
        }
        for header in ["", ".", "doorward:8000", "a.login.example.org", "[::1]:443"] {
            assert!(!url.is_named_by(header) && !url.has_the_host_of(header), "{header}");
        }
        let url = BaseUrl::parse("http://[::1]:8000").unwrap();
        assert!(url.is_named_by("[0:0::1]:8000") && url.has_the_host_of("[0:0::1]:9000"));
    }

    #[test]
    fn what_is_more_or_less_than_scheme_host_and_port_is_refused() {
        for text in [
            "",
            "localhost:8000",
            "ftp://a.org",
            "https://",
            "https://a.org/login",
            "https://a.org?x",
            "https://a.org#x",
            "https://u@a.org",
            "https://u:p@a.org",
            "https://a.org:",
            "https://a.org:0",
            "https://a.org:+1",
            "https://a.org:65536",
            "https://a..org",
            "https://-a.org",
            "https://a.org.",
            "https://bücher.example",
            "https://1.2.3",
            "https://a.0x1",
            "https://[::1",
            "https://::1",
            "https://a.org//",
            "https://a b.org",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in
            ["http://a.org", "http://192.168.1.2", "http://localhost.a.org", "http://0.0.0.0"]
        {
            assert!(BaseUrl::parse(text).unwrap_err().starts_with("an https address"), "{text}");
        }
    }
}
