//! `doorward account list` and `doorward account show`

use serde_json::{Value, json};

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::cli::listing::Listing;
use crate::cli::terminal::say;
use crate::domain::accounts::Account;
use crate::domain::accounts::list::{Filter, List};
use crate::domain::sessions;
use crate::service::Doorward;

fn state(account: &Account) -> &'static str {
    if account.disabled_at.is_some() { "disabled" } else { "active" }
}

/// The state for people: also until when it is locked.
fn state_in_words(account: &Account, now: Timestamp) -> String {
    let until = account.locked_at(now).filter(|_| account.disabled_at.is_none());
    until.map_or_else(|| state(account).to_owned(), |until| format!("locked until {}", until.iso()))
}

fn display_name(account: &Account) -> String {
    let name = &account.display_name;
    if name.is_empty() { "-".to_owned() } else { name.clone() }
}

fn roles(account: &Account) -> String {
    let roles: Vec<&str> = account.roles.names().collect();
    if roles.is_empty() { "-".to_owned() } else { roles.join(",") }
}

/// What both commands say of an account.
fn object(account: &Account, now: Timestamp) -> Value {
    json!({
        "id": account.id.to_string(),
        "name": account.username,
        "display_name": account.display_name,
        "email": account.email,
        "state": state(account),
        "locked_until": account.locked_at(now).map(Timestamp::iso),
        "roles": account.roles,
        "created_at": account.created_at.iso(),
        "last_sign_in_at": account.last_login.as_ref().map(|login| login.at.iso()),
    })
}

pub(super) async fn list(
    doorward: &Doorward,
    search: &str,
    json: bool,
    now: Timestamp,
) -> Result<()> {
    let filter = Filter { search: search.to_owned(), ..Filter::default() };
    let mut listing =
        Listing::new(json, ["NAME", "DISPLAY NAME", "E-MAIL", "STATE", "ROLES", "ID"]);
    let (db, mut from) = (doorward.db.read(), None);
    let list = List::of(db, &filter).await?;
    loop {
        let page = list.page(db, from.as_ref(), 500).await?;
        for account in &page.accounts {
            let cells = [
                account.username.clone(),
                display_name(account),
                account.email.clone(),
                state_in_words(account, now),
                roles(account),
                account.id.to_string(),
            ];
            listing.add(&object(account, now), cells);
        }
        if page.next.is_none() {
            listing.end();
            return Ok(());
        }
        from = page.next;
    }
}

pub(super) async fn show(
    doorward: &Doorward,
    account: &Account,
    json: bool,
    now: Timestamp,
) -> Result<()> {
    let live = sessions::live_of(doorward.db.read(), account.id, now).await?.len();
    if json {
        let mut object = object(account, now);
        object["password_changed_at"] = json!(account.password_changed_at.iso());
        object["failed_sign_ins"] = json!(account.failed_logins);
        object["active_sessions"] = json!(live);
        say(&object.to_string());
        return Ok(());
    }
    let last = account.last_login.as_ref();
    let last = last.map(|login| format!("{} from {}", login.at.iso(), login.origin.address));
    for (what, value) in [
        ("ID", account.id.to_string()),
        ("Name", account.username.clone()),
        ("Display name", display_name(account)),
        ("E-mail", account.email.clone()),
        ("State", state_in_words(account, now)),
        ("Roles", roles(account)),
        ("Created", account.created_at.iso()),
        ("Password set", account.password_changed_at.iso()),
        ("Last sign-in", last.unwrap_or_else(|| "never".to_owned())),
        ("Failed sign-ins since", account.failed_logins.to_string()),
        ("Active sessions", live.to_string()),
    ] {
        say(&format!("{what:<23}{value}"));
    }
    Ok(())
}
