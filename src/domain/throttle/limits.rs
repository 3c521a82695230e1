//! How much is let through.

/// How many attempts are let through before one has to wait; 0: as many as one likes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Failed log-ins from one address (IPv6: one /64) in 15 minutes; ten times as many from an IPv6 /48.
    pub address: u32,
    /// Failed log-ins with one name from one address; then one after 1, 2, 4 … 60 minutes.
    pub name_and_address: u32,
    /// Failed log-ins with the names of one account from anywhere in an hour;
    /// three times as many log-ins that succeed.
    pub name: u32,
    /// Failed log-ins from one known browser, or wrong passwords in one session, in an hour.
    pub known_browser: u32,
    /// Registrations that were worked on from one address in an hour.
    pub registrations: u32,
}
