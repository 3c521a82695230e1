//! Moments as people read them: in the time zone of the service.

use chrono::{Offset, TimeZone};
use chrono_tz::{OffsetName, TZ_VARIANTS, Tz};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use super::timestamp::Timestamp;

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

type Format = &'static [BorrowedFormatItem<'static>];

const MINUTE: Format =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]");
const TIME_OF_DAY: Format = format_description!("[hour]:[minute]");
const DAY: Format = format_description!("[day padding:none] [month repr:short]");
const DATE: Format = format_description!("[day padding:none] [month repr:short] [year]");
const ISO_DATE: Format = format_description!("[year]-[month]-[day]");

impl Zone {
    /// That of servers and logs.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of that name, as in `Europe/Berlin`.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// All of it: `1 Jan 2026, 13:00 CET`.
    pub fn words(self, at: Timestamp) -> String {
        let (local, zone) = self.local(at);
        format!("{} {zone}", written(local, MINUTE))
    }

    /// For lists, shorter the nearer it is to `now`: `12 min ago`, `in 3 h`, `24 Nov 20:56`,
    /// `24 Nov 2025`. Of what is yet to come, a minute that has begun counts whole.
    pub fn ago(self, at: Timestamp, now: Timestamp) -> String {
        let passed = now.since(at);
        let (minutes, hours) = match passed.is_negative() {
            true => (-ceil(-passed, Duration::MINUTE), -ceil(-passed, Duration::HOUR)),
            false => (passed.whole_minutes(), passed.whole_hours()),
        };
        match (minutes, hours) {
            (0, _) => "Just now".to_owned(),
            (1..60, _) => format!("{minutes} min ago"),
            (-59..0, _) => format!("in {} min", -minutes),
            (_, 1..24) => format!("{hours} h ago"),
            (_, -23..=0) => format!("in {} h", -hours),
            _ if self.date(at).year() == self.date(now).year() => {
                format!("{} {}", self.day(at), self.time_of_day(at))
            }
            _ => self.day_and_year(at),
        }
    }

    /// The time of day alone: `13:00`.
    pub fn time_of_day(self, at: Timestamp) -> String {
        written(self.local(at).0, TIME_OF_DAY)
    }

    /// The day alone: `1 Jan`.
    pub fn day(self, at: Timestamp) -> String {
        written(self.local(at).0, DAY)
    }

    /// The day with its year: `1 Jan 2026`.
    pub fn day_and_year(self, at: Timestamp) -> String {
        written(self.local(at).0, DATE)
    }

    /// The day so many days before that of `at`, as fields for dates have it: `2026-01-01`.
    pub fn days_before(self, at: Timestamp, days: i64) -> String {
        let day = self.date(at).saturating_sub(Duration::days(days));
        day.format(ISO_DATE).unwrap_or_default()
    }

    /// The first moment of a day written `2026-01-01` (RFC 3339, full-date), and of the day after
    /// it.
    pub fn whole_day(self, text: &str) -> Option<(Timestamp, Timestamp)> {
        let day = Date::parse(text, ISO_DATE).ok()?;
        Some((self.beginning(day)?, self.beginning(day.next_day()?)?))
    }

    /// The first moment of that day. Where the clock is put forward at midnight, there is no
    /// midnight.
    fn beginning(self, day: Date) -> Option<Timestamp> {
        let (year, month) = (day.year(), u32::from(u8::from(day.month())));
        let midnight = chrono::NaiveDate::from_ymd_opt(year, month, u32::from(day.day()))?
            .and_time(chrono::NaiveTime::MIN);
        let quarters = (0..12).map(|quarters| midnight + chrono::TimeDelta::minutes(15 * quarters));
        let first = quarters.map(|at| self.0.from_local_datetime(&at)).find_map(|at| at.earliest());
        Some(Timestamp(first?.timestamp_millis()))
    }

    fn date(self, at: Timestamp) -> Date {
        self.local(at).0.date()
    }

    /// What clocks of the zone show, and how it is called then: `CET`, `UTC-03`.
    fn local(self, at: Timestamp) -> (OffsetDateTime, String) {
        let utc = at.date();
        let moment = chrono::DateTime::from_timestamp(utc.unix_timestamp(), 0).unwrap_or_default();
        let offset = self.0.offset_from_utc_datetime(&moment.naive_utc());
        let seconds = offset.fix().local_minus_utc();
        let local = UtcOffset::from_whole_seconds(seconds).ok();
        let local = local.and_then(|offset| utc.checked_to_offset(offset)).unwrap_or(utc);
        let name = offset.abbreviation();
        let has_letters = name.starts_with(char::is_alphabetic);
        (local, if has_letters { name.to_owned() } else { format!("UTC{name}") })
    }
}

/// How many such units have begun.
fn ceil(time: Duration, unit: Duration) -> i64 {
    let (time, unit) = (time.whole_milliseconds() as i64, unit.whole_milliseconds() as i64);
    time.saturating_add(unit - 1).div_euclid(unit)
}

fn written(local: OffsetDateTime, format: Format) -> String {
    local.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 Jan 2026, 12:00 UTC.
    const NOON: Timestamp = Timestamp(1_767_268_800_000);

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap_or_else(|| panic!("{name} is no zone"))
    }

    #[test]
    fn a_moment_reads_as_clocks_show_it() {
        let half_a_year_later = NOON + Duration::days(181);
        for (name, winter, summer) in [
            ("UTC", "1 Jan 2026, 12:00 UTC", "1 Jul 2026, 12:00 UTC"),
            ("Europe/Berlin", "1 Jan 2026, 13:00 CET", "1 Jul 2026, 14:00 CEST"),
            ("America/Sao_Paulo", "1 Jan 2026, 09:00 UTC-03", "1 Jul 2026, 09:00 UTC-03"),
            ("Asia/Kolkata", "1 Jan 2026, 17:30 IST", "1 Jul 2026, 17:30 IST"),
        ] {
            assert_eq!(zone(name).words(NOON), winter);
            assert_eq!(zone(name).words(half_a_year_later), summer);
        }
        assert_eq!(Zone::named("Europe/Nowhere"), None);
    }

    #[test]
    fn a_moment_in_a_list_is_the_shorter_the_nearer_it_is() {
        let before = |passed: Duration| Zone::UTC.ago(NOON - passed, NOON);
        assert_eq!(before(Duration::seconds(59)), "Just now");
        assert_eq!(before(Duration::seconds(60)), "1 min ago");
        assert_eq!(before(Duration::seconds(3599)), "59 min ago");
        assert_eq!(before(Duration::seconds(3600)), "1 h ago");
        assert_eq!(before(Duration::hours(24) - Duration::seconds(1)), "23 h ago");
        assert_eq!(before(Duration::hours(24)), "31 Dec 2025");
        assert_eq!(before(Duration::seconds(-1)), "in 1 min");
        assert_eq!(before(Duration::minutes(-8)), "in 8 min");
        assert_eq!(before(Duration::seconds(-3599)), "in 1 h");
        assert_eq!(before(Duration::minutes(-70)), "in 2 h");
        assert_eq!(before(Duration::hours(-24)), "2 Jan 12:00");
        let later = NOON + Duration::days(30);
        assert_eq!(Zone::UTC.ago(later, later + Duration::days(10)), "31 Jan 12:00");
        let tokyo = zone("Asia/Tokyo");
        let new_year = NOON - Duration::hours(20);
        assert_eq!(tokyo.ago(new_year, NOON + Duration::days(10)), "1 Jan 01:00");
    }

    #[test]
    fn a_day_begins_and_ends_where_it_does_in_the_zone() {
        let hours = |name: &str, day: &str| {
            let (first, end) = zone(name).whole_day(day).unwrap();
            (first.iso(), end.since(first).whole_hours())
        };
        assert_eq!(hours("UTC", "2026-01-01"), ("2026-01-01T00:00:00Z".to_owned(), 24));
        assert_eq!(hours("Europe/Berlin", "2026-03-29"), ("2026-03-28T23:00:00Z".to_owned(), 23));
        assert_eq!(hours("Europe/Berlin", "2026-10-25"), ("2026-10-24T22:00:00Z".to_owned(), 25));
        // No midnight: the clock went from 23:59 to 1:00.
        assert_eq!(
            hours("America/Sao_Paulo", "2018-11-04"),
            ("2018-11-04T03:00:00Z".to_owned(), 23)
        );
        for text in ["2026-02-30", "1 Jan 2026", "", "2026-1-1"] {
            assert_eq!(Zone::UTC.whole_day(text), None, "{text}");
        }
        let tokyo = zone("Asia/Tokyo");
        assert_eq!(tokyo.days_before(NOON + Duration::hours(4), 0), "2026-01-02");
        assert_eq!(tokyo.days_before(NOON, 6), "2025-12-26");
    }

    #[test]
    fn no_moment_is_too_far_to_be_written() {
        for far in [i64::MAX, i64::MIN, 253_402_300_799_000, -377_705_116_800_000] {
            for name in ["UTC", "Pacific/Kiritimati", "Pacific/Niue"] {
                assert!(!zone(name).words(Timestamp(far)).is_empty(), "{name}: {far}");
            }
        }
    }
}
