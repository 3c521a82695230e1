//! How many attempts are let through.

use super::section::{Section, Setting};
use crate::base::error::{Error, Result};
use crate::domain::throttle::Limits;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "throttle_address",
        "`30`",
        "failed sign-ins from one address (IPv6: /64; ten times as many from a /48) in 15 minutes; `0` disables a limit",
    ),
    Setting::new(
        "throttle_name_and_address",
        "`5`",
        "failed sign-ins with one name from one address; then one after 1, 2, 4 … 60 minutes",
    ),
    Setting::new(
        "throttle_name",
        "`20`",
        "failed sign-ins with the two names of an account in an hour, half for each, from browsers and scripts not known for it; three times as many may succeed",
    ),
    Setting::new(
        "throttle_known_browser",
        "`10`",
        "failed sign-ins in an hour from one browser or script that the account was signed in with before; also wrong passwords in one session",
    ),
    Setting::new(
        "throttle_registrations",
        "`5`",
        "registrations from one address in an hour that a password was judged for, refused ones too; four times as many that met a taken name",
    ),
];

/// Reads them.
pub(super) fn read(section: &Section<'_>) -> Result<Limits> {
    let attempts =
        |key, default| Ok::<_, Error>(section.whole(key, default, 0..=1_000_000)? as u32);
    Ok(Limits {
        address: attempts("throttle_address", 30)?,
        name_and_address: attempts("throttle_name_and_address", 5)?,
        name: attempts("throttle_name", 20)?,
        known_browser: attempts("throttle_known_browser", 10)?,
        registrations: attempts("throttle_registrations", 5)?,
    })
}
