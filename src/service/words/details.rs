//! What audit events tell beyond their name, in words.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::audit::Detail;

/// The data of events, told apart by the names of their fields.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Data {
    AccountDisabled {
        account_disabled: True,
    },
    SignedIn {
        signed_in: True,
    },
    Roles {
        roles: Vec<String>,
    },
    RolesChanged {
        before: Vec<String>,
        after: Vec<String>,
    },
    AccountEdited {
        before: AccountNames,
        after: AccountNames,
    },
    ApplicationChanged {
        application: String,
        before: Map<String, Value>,
        after: Map<String, Value>,
    },
    Application {
        application: String,
    },
    Entered {
        host: String,
    },
    Left {
        hosts: Vec<String>,
    },
    Role {
        role: String,
    },
    RoleRenamed {
        before: String,
        after: String,
    },
    RoleRemoved {
        role: String,
        accounts: u64,
    },
    SessionsEnded {
        sessions_ended: u64,
    },
    OthersEnded {
        others_ended: u64,
    },
    ContinuesAs {
        continues_as: String,
    },
    LastUsedFrom {
        last_used_from: String,
    },
    Token {
        jti: String,
    },
    PersonalToken {
        token: String,
        hint: String,
    },
    TokenMisused {
        token: String,
        hint: String,
        application: String,
        cause: String,
    },
    TokensRevoked {
        tokens_revoked: u64,
    },
    Denied {
        method: String,
        route: String,
    },
    Exported {
        list: String,
    },
    Key {
        kid: String,
    },
    AllKeys {
        all_in_use: True,
    },
    Version {
        version: String,
    },
}

#[derive(Deserialize)]
struct AccountNames {
    username: String,
    email: String,
    display_name: String,
}

/// A field that is there only where it is true.
#[derive(Deserialize)]
#[serde(try_from = "bool")]
struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value.then_some(Self).ok_or("true is expected")
    }
}

/// More about an event, in words. What an earlier version recorded are words;
/// data of a later version stay as they are.
pub fn detail(detail: &Detail) -> String {
    match detail {
        Detail::Text(words) => words.clone(),
        Detail::Data(data) => {
            let data = serde_json::Value::Object(data.clone());
            Data::deserialize(&data).map_or_else(|_| data.to_string(), in_words)
        }
    }
}

fn in_words(data: Data) -> String {
    match data {
        Data::AccountDisabled { account_disabled: True } => "the account is disabled".to_owned(),
        Data::SignedIn { signed_in: True } => "while signed in".to_owned(),
        Data::Roles { roles } => listed(&roles),
        Data::RolesChanged { before, after } => {
            format!("from {} to {}", listed(&before), listed(&after))
        }
        Data::AccountEdited { before, after } => renamed(&before, &after),
        Data::ApplicationChanged { application, before, after } => {
            format!("{application}: {}", differing(&before, &after))
        }
        Data::Application { application } => application,
        Data::Entered { host } => host,
        Data::Left { hosts } => hosts.join(", "),
        Data::Role { role } => role,
        Data::RoleRenamed { before, after } => format!("from {before} to {after}"),
        Data::RoleRemoved { role, accounts } => format!("{role}, from {accounts} accounts"),
        Data::SessionsEnded { sessions_ended } => format!("sessions ended: {sessions_ended}"),
        Data::OthersEnded { others_ended } => format!("all others: {others_ended}"),
        Data::ContinuesAs { continues_as } => format!("continues as session {continues_as}"),
        Data::LastUsedFrom { last_used_from } => {
            format!("session was last used from {last_used_from}")
        }
        Data::Token { jti } => format!("jti {jti}"),
        Data::PersonalToken { token, hint } => format!("{token} (…{hint})"),
        Data::TokenMisused { token, hint, application, cause } => {
            format!("{token} (…{hint}) at {application}: {}", cause.replace('_', " "))
        }
        Data::TokensRevoked { tokens_revoked } => format!("personal tokens: {tokens_revoked}"),
        Data::Denied { method, route } => format!("{method} {route}"),
        Data::Exported { list } => match &*list {
            "accounts" => "list of accounts".to_owned(),
            "audit" => "audit log".to_owned(),
            _ => list,
        },
        Data::Key { kid } => format!("key {kid}"),
        Data::AllKeys { all_in_use: True } => "key of all that were in use".to_owned(),
        Data::Version { version } => version,
    }
}

/// The names of what is not the same.
fn differing(before: &Map<String, Value>, after: &Map<String, Value>) -> String {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let other = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    other.map(|name| name.replace('_', " ")).collect::<Vec<_>>().join(", ")
}

/// Which names became which.
fn renamed(before: &AccountNames, after: &AccountNames) -> String {
    let names = [
        ("user name", &before.username, &after.username),
        ("e-mail address", &before.email, &after.email),
        ("display name", &before.display_name, &after.display_name),
    ];
    let changed = names.into_iter().filter(|(_, before, after)| before != after);
    let words = changed.map(|(what, before, after)| match (&**before, &**after) {
        ("", new) => format!("{what} {new}"),
        (old, "") => format!("{what} {old} removed"),
        (old, new) => format!("{what} from {old} to {new}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn listed(roles: &[String]) -> String {
    if roles.is_empty() { "no roles".to_owned() } else { roles.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(data: Value) -> String {
        let Value::Object(data) = data else { panic!("{data} is no object") };
        detail(&Detail::Data(data))
    }

    #[test]
    fn data_reads_as_words() {
        assert_eq!(told(json!({ "before": [], "after": ["a", "b"] })), "from no roles to a, b");
        assert_eq!(told(json!({ "before": "a", "after": "b" })), "from a to b");
        assert_eq!(told(json!({ "role": "a" })), "a");
        assert_eq!(told(json!({ "role": "a", "accounts": 2 })), "a, from 2 accounts");
        assert_eq!(told(json!({ "all_in_use": true })), "key of all that were in use");
        assert_eq!(told(json!({ "list": "audit" })), "audit log");
    }

    #[test]
    fn what_is_no_known_data_stays_as_it_is() {
        let old = "from no roles to admin";
        assert_eq!(detail(&Detail::Text(old.to_owned())), old);
        assert_eq!(told(json!({ "later": 1 })), r#"{"later":1}"#);
        assert_eq!(told(json!({ "signed_in": false })), r#"{"signed_in":false}"#);
    }
}
