//! What the address of the log asks for.

use sea_orm::DatabaseConnection;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::audit::{Event, Filter};
use crate::service::events;
use crate::web::admin::query::{NamedAccount, chosen, find_account, link, typed};

/// What the address of the log asks for.
#[derive(rocket::FromForm)]
pub(super) struct AuditQuery<'r> {
    pub(super) event: Option<&'r str>,
    pub(super) account: Option<&'r str>,
    pub(super) address: Option<&'r str>,
    pub(super) from: Option<&'r str>,
    pub(super) until: Option<&'r str>,
}

impl AuditQuery<'_> {
    /// The filter; `None` when it names an account that is not there.
    pub(super) async fn filter(
        &self,
        db: &DatabaseConnection,
        notices: &mut Vec<String>,
    ) -> Result<Option<Filter>> {
        let events: Vec<(&str, Event)> = events::all().map(|event| (event.name(), event)).collect();
        let account = match find_account(db, self.account, notices).await? {
            NamedAccount::Any => None,
            NamedAccount::One(id) => Some(id),
            NamedAccount::Unknown => return Ok(None),
        };
        let mut day = |given: Option<&str>| {
            let given = given.filter(|given| !given.is_empty())?;
            let day = Timestamp::of_day(given);
            if day.is_none() {
                notices.push("Write a day as in 2026-01-31. This filter was ignored.".into());
            }
            day
        };
        let (from, until) = (day(self.from), day(self.until));
        Ok(Some(Filter {
            event: chosen(self.event, &events, "event", notices),
            account,
            address: Some(typed(self.address)).filter(|address| !address.is_empty()),
            from,
            // The day itself belongs to it.
            until: until.map(|day| day + time::Duration::days(1)),
        }))
    }

    pub(super) fn link(&self, path: &str, before: &str) -> String {
        let parameters = [
            ("event", self.event.unwrap_or_default()),
            ("account", self.account.unwrap_or_default()),
            ("address", self.address.unwrap_or_default()),
            ("from", self.from.unwrap_or_default()),
            ("until", self.until.unwrap_or_default()),
            ("before", before),
        ];
        link(path, &parameters)
    }
}
