//! What the address of the list of sessions asks for.

use rocket::form::FromForm;
use rocket::http::RawStr;
use sea_orm::DatabaseConnection;

use crate::base::error::Result;
use crate::base::network;
use crate::domain::accounts::AccountId;
use crate::domain::sessions::Audience;
use crate::domain::sessions::search::Filter;
use crate::web::admin::query::{NamedAccount, chosen, find_account, link, typed};

const KINDS: [(&str, Audience); 2] = [("browser", Audience::Web), ("script", Audience::Api)];

/// What the address of the list asks for.
#[derive(FromForm)]
pub(super) struct SessionsQuery<'r> {
    pub(super) account: Option<&'r str>,
    pub(super) address: Option<&'r str>,
    pub(super) kind: Option<&'r str>,
}

impl SessionsQuery<'_> {
    /// The filter; `None` when it names what is not there, so that nothing is found.
    pub(super) async fn filter(
        &self,
        db: &DatabaseConnection,
        notices: &mut Vec<String>,
    ) -> Result<Option<Filter>> {
        let account = match find_account(db, self.account, notices).await? {
            NamedAccount::Any => None,
            NamedAccount::One(id) => Some(id),
            NamedAccount::Unknown => return Ok(None),
        };
        let address = typed(self.address);
        let addresses = network::parse(&address);
        if addresses.is_none() && !address.is_empty() {
            notices.push(format!(
                "{address} is not an IP address. Write an address as in 192.0.2.7, a range as in 192.0.2.0/24."
            ));
            return Ok(None);
        }
        let client = chosen(self.kind, &KINDS, "kind", notices);
        Ok(Some(Filter { account: account.map(AccountId), addresses, client }))
    }

    /// What stands behind the `?` of the list.
    pub(super) fn text(&self) -> String {
        self.link("", "").trim_start_matches('?').to_owned()
    }

    /// The page before all that match are ended, and back here.
    pub(super) fn end_link(&self) -> String {
        let end = self.link("/admin/sessions/end", "");
        format!("{end}&back={}", RawStr::new(&self.text()).percent_encode())
    }

    pub(super) fn link(&self, path: &str, from: &str) -> String {
        let parameters = [
            ("account", self.account.unwrap_or_default()),
            ("address", self.address.unwrap_or_default()),
            ("kind", self.kind.unwrap_or_default()),
            ("from", from),
        ];
        link(path, &parameters)
    }
}
