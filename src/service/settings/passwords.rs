//! What a new password must be like, and what its hash costs.

use super::section::{Section, Setting};
use crate::base::error::Result;
use crate::domain::passwords::hasher::Cost;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "password_min_length",
        "`12`",
        "8 to 64; NIST SP 800-63B-4 asks for 15 where the password is the only factor",
    ),
    Setting::new(
        "argon2_memory_kib",
        "`19456`",
        "memory of a password hash in KiB; this is the minimum",
    ),
    Setting::new("argon2_passes", "`2`", "passes of a password hash; this is the minimum"),
];

/// The fewest characters of a new password, and the cost of a hash.
pub(super) fn read(section: &Section<'_>) -> Result<(usize, Cost)> {
    let cost = Cost {
        memory_kib: section.whole("argon2_memory_kib", 19_456, 19_456..=1_048_576)? as u32,
        passes: section.whole("argon2_passes", 2, 2..=32)? as u32,
    };
    Ok((section.whole("password_min_length", 12, 8..=64)? as usize, cost))
}
