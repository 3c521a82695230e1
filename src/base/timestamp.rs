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

const WORDS: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
const TIME_OF_DAY: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short]");
const DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year]");
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

    /// For people: `1 Jan 2026, 12:00 UTC`.
    pub fn words(self) -> String {
        self.date().format(WORDS).unwrap_or_default()
    }

    /// For lists, shorter the nearer it is to `now`: `12 min ago`, `3 h ago`, `24 Nov 20:56`,
    /// `24 Nov 2025`.
    pub fn ago(self, now: Self) -> String {
        let passed = now.since(self);
        match (passed.whole_minutes(), passed.whole_hours()) {
            (0, _) if !passed.is_negative() => "Just now".to_owned(),
            (minutes @ 1..60, _) => format!("{minutes} min ago"),
            (_, hours @ 1..24) => format!("{hours} h ago"),
            _ if self.date().year() == now.date().year() => {
                format!("{} {}", self.day(), self.time_of_day())
            }
            _ => format!("{} {}", self.day(), self.date().year()),
        }
    }

    /// The time of day alone: `12:00`.
    pub fn time_of_day(self) -> String {
        self.date().format(TIME_OF_DAY).unwrap_or_default()
    }

    /// The day alone: `1 Jan`.
    pub fn day(self) -> String {
        self.date().format(DAY).unwrap_or_default()
    }

    /// The day with its year: `1 Jan 2026`.
    pub fn date_in_words(self) -> String {
        self.date().format(DATE).unwrap_or_default()
    }

    /// The first moment of a day written `2026-01-01` (RFC 3339, full-date).
    pub fn of_day(text: &str) -> Option<Self> {
        let day = time::Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
        Some(day.midnight().assume_utc().into())
    }

    /// For machines: `2026-01-01T12:00:00Z` (RFC 3339).
    pub fn iso(self) -> String {
        self.date().format(ISO).unwrap_or_default()
    }

    fn date(self) -> OffsetDateTime {
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
    fn a_moment_reads_the_same_to_people_and_machines() {
        let moment = Timestamp::from_seconds(1_767_268_800);
        assert_eq!(moment.words(), "1 Jan 2026, 12:00 UTC");
        assert_eq!(moment.iso(), "2026-01-01T12:00:00Z");
    }

    #[test]
    fn a_moment_in_a_list_is_the_shorter_the_nearer_it_is() {
        let now = Timestamp::from_seconds(1_767_268_800);
        let before = |passed: Duration| (now - passed).ago(now);
        assert_eq!(before(Duration::seconds(59)), "Just now");
        assert_eq!(before(Duration::seconds(60)), "1 min ago");
        assert_eq!(before(Duration::seconds(3599)), "59 min ago");
        assert_eq!(before(Duration::seconds(3600)), "1 h ago");
        assert_eq!(before(Duration::hours(24) - Duration::seconds(1)), "23 h ago");
        assert_eq!(before(Duration::hours(24)), "31 Dec 2025");
        assert_eq!((now + Duration::days(30)).ago(now + Duration::days(40)), "31 Jan 12:00");
        assert_eq!((now + Duration::seconds(1)).ago(now), "1 Jan 12:00", "yet to come");
    }

    #[test]
    fn no_moment_is_too_far_to_be_written() {
        assert_eq!(Timestamp(i64::MAX).iso(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(i64::MAX) + Duration::days(1), Timestamp(i64::MAX));
    }
}
