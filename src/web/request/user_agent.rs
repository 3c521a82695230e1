//! Who is at the other end: the address behind trusted proxies, and the
//! browser by the name it gives itself.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use woothee::parser::Parser;

/// The address a request comes from.
///
/// Each proxy adds to `X-Forwarded-For`, on the right, whom it heard from; what
/// stands further left anybody may have written. So the list is read from the
/// right and only as far as `trusted` proxies vouch for it. When they vouch for
/// everything, the leftmost is the client.
pub fn client_address<'h>(
    peer: IpAddr,
    forwarded_for: impl Iterator<Item = &'h str>,
    trusted: &[IpNet],
) -> IpAddr {
    let peer = peer.to_canonical();
    let trusts = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !trusts(&peer) {
        return peer;
    }
    let lines: Vec<&str> = forwarded_for.collect();
    let mut client = peer;
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        // After a hop that cannot be read nobody vouches for the rest.
        let Some(address) = parse_hop(hop.trim()) else { return peer };
        client = address;
        if !trusts(&client) {
            break;
        }
    }
    client
}

/// `1.2.3.4`, `1.2.3.4:5678`, `::1`, `[::1]` or `[::1]:80`.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

/// A browser in words, as in "Firefox on Linux".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent {
    /// Its name, or that of the tool.
    pub browser: String,
    /// The system it runs on.
    pub system: String,
}

/// The browser in a `User-Agent` header. Everybody may claim to be any: this
/// helps people to recognise their own, and proves nothing.
pub fn describe_user_agent(header: &str) -> UserAgent {
    let header: String = header.chars().filter(|c| !c.is_control()).take(400).collect();
    let found = Parser::new().parse(&header).unwrap_or_default();
    let browser = match found.category {
        "pc" | "smartphone" | "mobilephone" | "appliance" => known(found.name),
        _ => tool(&header),
    };
    UserAgent {
        browser: browser.unwrap_or("An unknown browser").to_owned(),
        system: known(found.os).map_or("an unknown system", plain_system).to_owned(),
    }
}

fn known(name: &str) -> Option<&str> {
    (!name.is_empty() && name != woothee::woothee::VALUE_UNKNOWN).then_some(name)
}

/// The name before the version, like that of `curl/8.5.0`. Browsers all begin
/// with Mozilla/5.0.
fn tool(header: &str) -> Option<&str> {
    let name = header.split(['/', ' ']).next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fits = (2..=32).contains(&name.len()) && name.bytes().all(plain) && name != "Mozilla";
    fits.then_some(name)
}

/// As people call it. Windows 11 says that it is 10.
fn plain_system(name: &str) -> &str {
    match name {
        "Mac OSX" => "macOS",
        name if name.starts_with("Windows Phone") => "Windows Phone",
        name if name.starts_with("Windows") => "Windows",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client_address(peer.parse().unwrap(), lines.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed_about_whom_it_speaks_for() {
        assert_eq!(address("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        let lines = ["198.51.100.1"].into_iter();
        assert_eq!(client_address([10, 0, 0, 1].into(), lines, &[]).to_string(), "10.0.0.1");
    }

    #[test]
    fn a_trusted_proxy_is_believed_about_the_one_before_it() {
        for (lines, client) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["8.8.8.8, 198.51.100.1"], "198.51.100.1"),
            (&["8.8.8.8", "198.51.100.1"], "198.51.100.1"),
            (&["8.8.8.8,198.51.100.1 , 10.0.0.2,10.0.0.3"], "198.51.100.1"),
            (&["8.8.8.8, 198.51.100.1", "fd00::2", "10.0.0.3"], "198.51.100.1"),
            (&["garbage, 198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.7, 10.0.0.2"], "10.0.0.7"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(address("10.0.0.1", lines), client, "{lines:?}");
        }
    }

    #[test]
    fn a_hop_that_cannot_be_read_ends_the_trust() {
        for line in [
            "",
            "unknown",
            "198.51.100.1, _hidden",
            "198.51.100.1,",
            "1.2.3",
            "fe80::1%eth0",
            "[::1",
        ] {
            assert_eq!(address("10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
    }

    #[test]
    fn an_address_is_read_in_all_its_forms() {
        for (hop, client) in [
            ("198.51.100.1:5678", "198.51.100.1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            ("[::ffff:198.51.100.1]:443", "198.51.100.1"),
        ] {
            assert_eq!(address("::ffff:10.0.0.1", &[hop]), client, "{hop}");
        }
    }

    #[test]
    fn a_browser_is_named_in_plain_words() {
        let mac = "Macintosh; Intel Mac OS X 10_15_7";
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (header, browser, system) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox",
                "Linux",
            ),
            (
                &format!(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/156.0.0.0 Safari/537.36"
                ),
                "Chrome",
                "Windows",
            ),
            (
                &format!(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0"
                ),
                "Edge",
                "Windows",
            ),
            (
                &format!(
                    "Mozilla/5.0 ({mac}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15"
                ),
                "Safari",
                "macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPhone",
            ),
            (
                &format!(
                    "Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/156.0.0.0 Mobile Safari/537.36"
                ),
                "Chrome",
                "Android",
            ),
            ("curl/8.5.0", "curl", "an unknown system"),
            ("python-requests/2.32.3", "python-requests", "an unknown system"),
            ("Wget/1.21.4", "Wget", "an unknown system"),
            ("", "An unknown browser", "an unknown system"),
            ("Mozilla/5.0", "An unknown browser", "an unknown system"),
            ("<script>alert(1)</script>", "An unknown browser", "an unknown system"),
        ] {
            let client = describe_user_agent(header);
            assert_eq!(
                (client.browser.as_str(), client.system.as_str()),
                (browser, system),
                "{header}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_gets_a_description(header in ".{0,600}", name in "[ -~]{0,80}") {
            for header in [header, format!("Mozilla/5.0 ({name}) {name}/1.0")] {
                let client = describe_user_agent(&header);
                assert!(!client.browser.is_empty() && !client.system.is_empty());
                assert!(!client.browser.chars().chain(client.system.chars()).any(char::is_control));
            }
        }
    }
}
