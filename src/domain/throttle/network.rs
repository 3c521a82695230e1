//! What of an address its owner cannot choose.

use std::net::IpAddr;

/// Where somebody comes from, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// All of IPv4, the /64 of IPv6: what one line has.
    pub near: String,
    /// The /48 of IPv6, the most that one customer is usually given (RFC 6177).
    pub wide: Option<String>,
}

impl Network {
    /// Nothing, where there is no address.
    pub fn of(address: &str) -> Option<Self> {
        Some(match address.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => Self { near: address.to_string(), wide: None },
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                let wide = format!("{a:x}:{b:x}:{c:x}");
                Self { near: format!("{wide}:{d:x}"), wide: Some(wide) }
            }
        })
    }

    /// The widest part that one owner may have.
    pub fn whole(&self) -> &str {
        self.wide.as_deref().unwrap_or(&self.near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_ipv6_network_are_one() {
        let of = |text| Network::of(text).unwrap();
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        let (one, other) = (of("2001:db8:1:2::"), of("2001:db8:1:3::"));
        assert_ne!(one.near, other.near);
        assert_eq!(one.whole(), other.whole());
        assert_ne!(one.whole(), of("2001:db8:2:2::").whole());
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(
            of("::ffff:192.0.2.1"),
            of("192.0.2.1"),
            "mapped, as a socket for both gives it"
        );
        assert_eq!(Network::of("command line"), None);
    }
}
