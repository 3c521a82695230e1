//! Networks as settings have them.

use ipnet::IpNet;

/// A network; one of a single address as that address.
pub fn network(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}
