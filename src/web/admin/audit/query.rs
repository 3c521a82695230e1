//! What the address of the log asks for.

use sea_orm::DatabaseConnection;
use serde::Serialize;
use uuid::Uuid;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::base::zone::Zone;
use crate::domain::audit::{Event, Filter};
use crate::service::{events, words};
use crate::web::admin::query::{Chip, NamedAccount, chosen, find_account, link, typed};

/// What the address of the log asks for.
#[derive(Clone, Copy, rocket::FromForm)]
pub(super) struct AuditQuery<'r> {
    pub(super) event: Option<&'r str>,
    pub(super) account: Option<&'r str>,
    pub(super) by: Option<&'r str>,
    pub(super) about: Option<&'r str>,
    pub(super) address: Option<&'r str>,
    pub(super) from: Option<&'r str>,
    pub(super) until: Option<&'r str>,
}

/// The last days in one click.
#[derive(Serialize)]
pub(super) struct Range {
    words: &'static str,
    link: String,
    current: bool,
}

const PATH: &str = "/admin/audit";

/// The ranges, by how many days before today they begin.
const RANGES: [(&str, i64); 3] = [("Today", 0), ("7 days", 6), ("30 days", 29)];

impl AuditQuery<'_> {
    /// The filter, with days as they are in `zone`; `None` when it names an account that is
    /// not there.
    pub(super) async fn filter(
        &self,
        db: &DatabaseConnection,
        zone: Zone,
        notices: &mut Vec<String>,
    ) -> Result<Option<Filter>> {
        let events: Vec<(&str, Event)> = events::all().map(|event| (event.name(), event)).collect();
        let mut accounts: [Option<Uuid>; 3] = [None; 3];
        for (found, given) in accounts.iter_mut().zip([self.account, self.by, self.about]) {
            *found = match find_account(db, given, notices).await? {
                NamedAccount::Any => None,
                NamedAccount::One(id) => Some(id),
                NamedAccount::Unknown => return Ok(None),
            };
        }
        let [account, by, about] = accounts;
        let mut day = |given: Option<&str>| {
            let given = given.filter(|given| !given.is_empty())?;
            let day = zone.whole_day(given);
            if day.is_none() {
                notices.push("Write a day as in 2026-01-31. This filter was ignored.".into());
            }
            day
        };
        let (from, until) = (day(self.from), day(self.until));
        Ok(Some(Filter {
            event: chosen(self.event, &events, "event", notices),
            account,
            by,
            about,
            address: Some(typed(self.address)).filter(|address| !address.is_empty()),
            from: from.map(|(first, _)| first),
            // The day itself belongs to it.
            until: until.map(|(_, end)| end),
        }))
    }

    /// `path` with the same question, and one more parameter.
    pub(super) fn link(&self, path: &str, (name, value): (&str, &str)) -> String {
        let parameters = [
            ("event", self.event.unwrap_or_default()),
            ("account", self.account.unwrap_or_default()),
            ("by", self.by.unwrap_or_default()),
            ("about", self.about.unwrap_or_default()),
            ("address", self.address.unwrap_or_default()),
            ("from", self.from.unwrap_or_default()),
            ("until", self.until.unwrap_or_default()),
            (name, value),
        ];
        link(path, &parameters)
    }

    /// Each filter that is on.
    pub(super) fn chips(&self) -> Vec<Chip> {
        let event = self.event.filter(|name| events::all().any(|event| event.name() == *name));
        let all = [
            ("Event", event.map(words::event), Self { event: None, ..*self }),
            ("Account", self.account, Self { account: None, ..*self }),
            ("Done by", self.by, Self { by: None, ..*self }),
            ("About", self.about, Self { about: None, ..*self }),
            ("IP address", self.address, Self { address: None, ..*self }),
            ("From", self.from, Self { from: None, ..*self }),
            ("To", self.until, Self { until: None, ..*self }),
        ];
        let on = |(name, value, without): (&str, Option<&str>, Self)| {
            let value = typed(value);
            (!value.is_empty()).then(|| Chip {
                words: format!("{name}: {value}"),
                without: without.link(PATH, ("", "")),
            })
        };
        all.into_iter().filter_map(on).collect()
    }

    /// The ranges that lead up to now, with the other filters.
    pub(super) fn ranges(&self, zone: Zone, now: Timestamp) -> Vec<Range> {
        let range = |(words, days): (&'static str, i64)| {
            let from = zone.days_before(now, days);
            let query = AuditQuery { from: Some(&from), until: None, ..*self };
            let is_open = self.until.is_none_or(str::is_empty);
            let current = self.from == Some(&*from) && is_open;
            Range { words, link: query.link(PATH, ("", "")), current }
        };
        RANGES.into_iter().map(range).collect()
    }
}
