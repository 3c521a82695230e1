//! The configuration of a reverse proxy, filled in for one service: what
//! `doorward proxy` prints and `/admin/doctor` shows.

use std::path::{Path, absolute};

use crate::base::error::{Error, Result};
use crate::service::settings::BaseUrl;

const NGINX: &str = include_str!("../../../deploy/nginx.conf");
const CADDY: &str = include_str!("../../../deploy/Caddyfile");

/// The proxies there is a configuration for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Proxy {
    /// nginx
    Nginx,
    /// Caddy
    Caddy,
}

/// The complete file for the service of that host, which listens on `port` of
/// the proxy's own machine.
pub fn configuration(proxy: Proxy, host: &str, port: u16) -> String {
    let sample = match proxy {
        Proxy::Nginx => NGINX,
        Proxy::Caddy => CADDY,
    };
    sample
        .replace("login.example.org", host)
        .replace("127.0.0.1:8000", &format!("127.0.0.1:{port}"))
}

/// The files of the certificate that `doorward dev-certificate` makes, and of its key.
pub const CERTIFICATE: [&str; 2] = ["tls-cert.pem", "tls-key.pem"];

/// The same for a name that only a network of one's own knows, where no
/// authority gives a certificate: with that of `doorward dev-certificate` in the
/// data folder, or with Caddy's own.
pub fn internal(proxy: Proxy, host: &str, port: u16, data_dir: &Path) -> String {
    with_own_certificate(&configuration(proxy, host, port), data_dir)
}

/// A file with the certificate of `doorward dev-certificate` in that folder, or
/// with Caddy's own.
pub(super) fn with_own_certificate(file: &str, data_dir: &Path) -> String {
    let [certificate, key] = CERTIFICATE.map(|name| {
        let file = data_dir.join(name);
        absolute(&file).unwrap_or(file).display().to_string()
    });
    let line = |line: &str| {
        let live = line.find("/etc/letsencrypt/live/").map(|at| &line[at..]);
        match live.map(|path| path.trim_end_matches(';')) {
            Some(path) if path.ends_with("/fullchain.pem") => line.replace(path, &certificate),
            Some(path) if path.ends_with("/privkey.pem") => line.replace(path, &key),
            _ => line.replace("# tls internal", "tls internal"),
        }
    };
    file.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The host that somebody typed.
///
/// # Errors
/// One sentence that says what is accepted.
pub fn host(text: &str) -> Result<String> {
    let url = BaseUrl::parse(&format!("https://{text}")).ok();
    let host = url.filter(|url| url.host().eq_ignore_ascii_case(text));
    host.map(|url| url.host().to_owned()).ok_or_else(|| {
        Error::broken(format!("{text:?} is no host. Write a name like login.example.org."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_else() {
        for (text, expected) in [
            ("Login.Example.ORG", "login.example.org"),
            ("192.0.2.7", "192.0.2.7"),
            ("[2001:db8::7]", "[2001:db8::7]"),
        ] {
            assert_eq!(host(text).unwrap(), expected);
        }
        for text in ["", "a b", "a;b", "a/", "a/b", "a:443", "a:8443", "https://a", "a@b", "{a}"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_of_the_example_is_left_in_a_configuration() {
        for proxy in [Proxy::Nginx, Proxy::Caddy] {
            let file = configuration(proxy, "login.home.test", 8431);
            assert!(!file.contains("example.org") && !file.contains(":8000"), "{file}");
            assert!(file.contains("https://login.home.test") && file.contains("127.0.0.1:8431"));
        }
    }

    #[test]
    fn a_name_that_only_a_network_knows_has_the_certificate_made_for_it() {
        let [nginx, caddy] = [Proxy::Nginx, Proxy::Caddy]
            .map(|proxy| internal(proxy, "login.home.test", 8000, Path::new("/data")));
        assert!(nginx.contains("\n    ssl_certificate /data/tls-cert.pem;\n"), "{nginx}");
        assert!(nginx.contains("\n    ssl_certificate_key /data/tls-key.pem;\n"), "{nginx}");
        assert!(!nginx.contains("/etc/letsencrypt"), "{nginx}");
        assert!(caddy.contains("\n\ttls internal\n"), "{caddy}");
    }
}
