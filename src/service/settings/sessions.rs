//! How long sessions, tokens and links last.

use time::Duration;

use super::section::{Section, Setting};
use crate::base::error::{Error, Result};
use crate::domain::sessions::Policy;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Browsers keep no cookie for longer than 400 days.
const LONGEST: u64 = 400 * DAY;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("access_token_seconds", "`600`", "life of an access token"),
    Setting::new(
        "session_idle_seconds",
        "`43200` (12 h)",
        "a session ends when it is not used for so long",
    ),
    Setting::new(
        "session_absolute_seconds",
        "`86400` (24 h)",
        "a session ends so long after the sign-in",
    ),
    Setting::new(
        "remember_idle_seconds",
        "`1209600` (14 d)",
        "as `session_idle_seconds`, with \"stay signed in\"",
    ),
    Setting::new(
        "remember_absolute_seconds",
        "`2592000` (30 d)",
        "as `session_absolute_seconds`, with \"stay signed in\"",
    ),
    Setting::new(
        "staff_idle_seconds",
        "`1800` (30 min)",
        "staff pages ask for the password again after so long without a request",
    ),
    Setting::new(
        "staff_absolute_seconds",
        "`43200` (12 h)",
        "staff pages ask for the password again so long after it was given",
    ),
    Setting::new(
        "recent_login_seconds",
        "`300`",
        "how long after the password was given sensitive actions are allowed without it",
    ),
    Setting::new("recovery_link_seconds", "`1800`", "life of a recovery link"),
    Setting::new(
        "personal_token_max_days",
        "`365`",
        "a personal token is good for at most so many days; `0`: no limit, and tokens need not expire",
    ),
    Setting::new(
        "max_sessions_per_account",
        "`20`",
        "at one more, the least recently used session ends",
    ),
];

/// What lasts how long.
pub(super) struct Times {
    pub policy: Policy,
    pub access_token_life: Duration,
    pub recovery_link_life: Duration,
    pub personal_token_max_days: u32,
}

/// Reads them, and compares them with each other.
pub(super) fn read(section: &Section<'_>) -> Result<Times> {
    let seconds = |key, default, most| section.seconds(key, default, 1..=most);
    let policy = Policy {
        idle: seconds("session_idle_seconds", 12 * HOUR, LONGEST)?,
        absolute: seconds("session_absolute_seconds", DAY, LONGEST)?,
        remember_idle: seconds("remember_idle_seconds", 14 * DAY, LONGEST)?,
        remember_absolute: seconds("remember_absolute_seconds", 30 * DAY, LONGEST)?,
        staff_idle: seconds("staff_idle_seconds", 30 * MINUTE, LONGEST)?,
        staff_absolute: seconds("staff_absolute_seconds", 12 * HOUR, LONGEST)?,
        recent_login: seconds("recent_login_seconds", 5 * MINUTE, DAY)?,
        most_per_account: section.whole("max_sessions_per_account", 20, 1..=1000)?,
    };
    let access_token_life = seconds("access_token_seconds", 10 * MINUTE, HOUR)?;
    for (shorter, is, longer, limit) in [
        // A session that ended unused must not be carried on by its last token.
        ("access_token", access_token_life, "session_idle", policy.idle),
        ("access_token", access_token_life, "remember_idle", policy.remember_idle),
        ("access_token", access_token_life, "staff_idle", policy.staff_idle),
        ("session_idle", policy.idle, "session_absolute", policy.absolute),
        ("remember_idle", policy.remember_idle, "remember_absolute", policy.remember_absolute),
        ("staff_idle", policy.staff_idle, "staff_absolute", policy.staff_absolute),
    ] {
        if is > limit {
            let (is, limit) = (is.whole_seconds(), limit.whole_seconds());
            return Err(Error::broken(format!(
                "The setting `{shorter}_seconds` must be at most that of `{longer}_seconds`, {limit}, but is {is}."
            )));
        }
    }
    let recovery_link_life = seconds("recovery_link_seconds", 30 * MINUTE, DAY)?;
    let personal_token_max_days = section.whole("personal_token_max_days", 365, 0..=36_500)? as u32;
    Ok(Times { policy, access_token_life, recovery_link_life, personal_token_max_days })
}
