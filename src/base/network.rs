//! Networks, as people write them.

use std::net::IpAddr;

use ipnet::IpNet;

/// The network in a text like `10.0.0.0/8`; that of a single address is the address alone.
pub fn parse(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
