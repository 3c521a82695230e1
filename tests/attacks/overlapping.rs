//! "a sign-in that is under way when the account changes does not survive it":
//! nor does an old password, nor what was begun with it.

use std::sync::Arc;

use doorward::base::error::Error;
use doorward::domain::accounts;
use doorward::domain::accounts::names::LoginName;
use doorward::domain::administration::{self, BulkAction, Change};
use doorward::domain::audit::RequestSource;
use doorward::domain::login::Verified;
use doorward::domain::passwords::policy::Password;
use doorward::domain::sessions::{Actor, Audience, NewSession};
use time::Duration;

use crate::app::{App, PASSWORD};

const NEW: &str = "a lantern in the harbour";

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

/// Somebody whose password was just found right.
async fn verified(app: &App, name: &str) -> accounts::Account {
    let (login, here) = (LoginName::parse(name), RequestSource::command_line());
    let (now, passwords) = (app.clock().now(), app.doorward.passwords());
    passwords.authenticate(&login, &password(PASSWORD), None, &here, now).await.unwrap()
}

async fn sign_in(app: &App, account: &accounts::Account) -> Result<(), Error> {
    let (here, now) = (RequestSource::command_line(), app.clock().now());
    let sessions = &app.doorward.sessions;
    let verified = Verified::by_password(account.clone(), now);
    let new = NewSession { audience: Audience::Web, remember: false, replaces: None };
    sessions.start(&verified, new, &here, now).await.map(drop)
}

#[rocket::async_test]
async fn a_sign_in_under_way_does_not_survive_a_password_change() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let account = verified(&app, "ada").await;
    let (here, now) = (RequestSource::command_line(), app.clock().now());
    let credentials = app.doorward.credentials();
    credentials.set_password(&account, &password(NEW), &here, now).await.unwrap();
    assert!(matches!(sign_in(&app, &account).await, Err(Error::Refused(_))));
}

#[rocket::async_test]
async fn a_sign_in_under_way_does_not_survive_disabling_nor_a_role_change_nor_the_end_of_all() {
    let app = App::start().await;
    let (here, now) = (RequestSource::command_line(), app.clock().now());
    let actor = Actor::operator(&here);
    let sessions = &app.doorward.sessions;
    for (name, deed) in
        [("ada", Some(BulkAction::Disable)), ("bob", Some(BulkAction::EndSessions)), ("eve", None)]
    {
        app.account(name, &[]).await;
        let account = verified(&app, name).await;
        match deed {
            Some(deed) => {
                administration::apply(sessions, deed, &[account.id], actor, now).await.unwrap();
            }
            None => {
                let roles = accounts::permissions::Roles::admin();
                let change = Change { shown: None, roles: &roles };
                administration::set_roles(sessions, account.id, change, actor, now).await.unwrap();
            }
        }
        assert!(matches!(sign_in(&app, &account).await, Err(Error::Refused(_))), "{name}");
    }
}

#[rocket::async_test]
async fn a_rehash_at_sign_in_never_brings_the_old_password_back() {
    use doorward::domain::accounts::Passwords;
    use doorward::domain::passwords::hasher::{Cost, Hasher};
    let app = App::start().await;
    let keys = Arc::clone(&app.doorward.keys);
    let stronger = Hasher::start(Cost { memory_kib: 19_456, passes: 3 }, keys).unwrap();
    let (here, now) = (RequestSource::command_line(), app.clock().now());
    let credentials = app.doorward.credentials();
    for round in 0..6 {
        let name = format!("ada{round}");
        let account = app.account(&name, &[]).await;
        let passwords = Passwords { hasher: &stronger, ..app.doorward.passwords() };
        let (login, old, new) = (LoginName::parse(&name), password(PASSWORD), password(NEW));
        let raised = passwords.authenticate(&login, &old, None, &here, now);
        let changed = async {
            // In the middle of the rehash.
            tokio::time::sleep(std::time::Duration::from_millis(20 * round)).await;
            credentials.set_password(&account, &new, &here, now).await.unwrap();
        };
        let (_, ()) = tokio::join!(raised, changed);
        let later = now + Duration::seconds(1);
        let passwords = app.doorward.passwords();
        let answer = passwords.authenticate(&login, &new, None, &here, later).await;
        assert!(answer.is_ok(), "round {round}: the old password is back");
    }
}
