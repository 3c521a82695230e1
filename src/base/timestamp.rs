//! Moments in time, as the database and the tokens hold them. A module of its
//! own because a number compares the same way in SQLite and PostgreSQL, while
//! their date columns do not.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// Milliseconds since 1970-01-01 UTC.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

impl Timestamp {
    /// Whole seconds since 1970, as JWT claims count (RFC 7519, NumericDate).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `seconds` after 1970.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole hours since 1970.
    pub fn hour(self) -> i64 {
        self.seconds().div_euclid(3600)
    }

    /// Time passed since `earlier`; negative when the clock was set back in between.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::milliseconds(self.0.saturating_sub(earlier.0))
    }

    /// For machines: `2026-01-01T12:00:00Z` (RFC 3339).
    pub fn iso(self) -> String {
        self.date().format(ISO).unwrap_or_default()
    }

    pub(super) fn date(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(date: OffsetDateTime) -> Self {
        Self((date.unix_timestamp_nanos() / 1_000_000) as i64)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.whole_milliseconds() as i64))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.whole_milliseconds() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_for_machines_in_utc() {
        assert_eq!(Timestamp::from_seconds(1_767_268_800).iso(), "2026-01-01T12:00:00Z");
    }

    #[test]
    fn no_moment_is_too_far_to_be_written() {
        assert_eq!(Timestamp(i64::MAX).iso(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(i64::MAX) + Duration::days(1), Timestamp(i64::MAX));
    }
}
