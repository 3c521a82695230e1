//! What the audit log tells of everything that can happen, as data and in words.

use std::collections::BTreeSet;

use doorward::domain::accounts::names::{DisplayName, EmailAddress, LoginName, RoleName, Username};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, Account, AccountId};
use doorward::domain::administration::{self, BulkAction, Change, Edit};
use doorward::domain::applications;
use doorward::domain::audit::{self, Detail, Event, Filter, RecordedEvent};
use doorward::domain::entries;
use doorward::domain::one_time;
use doorward::domain::passwords::policy::Password;
use doorward::domain::personal_tokens::{self, Expiry};
use doorward::domain::sessions::Actor;
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::service::{events, words};
use time::Duration;

use crate::{NOON, PASSWORD, World, origin};

const LIFE: Duration = Duration::hours(1);

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

/// What people do with their own accounts.
async fn lives(world: &World) -> Account {
    let (here, credentials) = (origin("web"), world.credentials());
    let token = one_time::start_setup(&world.sessions.db, NOON).await.unwrap().unwrap();
    let chief = World::new_account("chief");
    let _chief = credentials.set_up(&token, &chief, &here, NOON).await.unwrap();
    let (passwords, new) = (world.passwords(), World::new_account("ada"));
    let ada = accounts::register(passwords, &world.rules, new, &here, NOON).await.unwrap();
    let (right, wrong) = (password(PASSWORD), password("not the password"));
    let name = LoginName::parse("ada");
    passwords.authenticate(&name, &wrong, None, &here, NOON).await.unwrap_err();
    let session = world.start(&ada, NOON).await;
    let sid = session.principal.session;
    credentials.confirm(&ada, sid, &wrong, &here, NOON).await.unwrap_err();
    let session = credentials.confirm(&ada, sid, &right, &here, NOON).await.unwrap();
    let sid = session.principal.session;
    let new = password("a lantern in the harbour");
    let session = credentials.change_password(&ada, sid, (&right, &new, false), &here, NOON).await;
    let session = session.unwrap();
    let other = world.start(&ada, NOON).await.principal.session;
    let own = Actor::signed_in(&session.principal, &here, "");
    world.sessions.end_own(other, own, NOON).await.unwrap();
    let token = RefreshToken::parse(&session.refresh_token).unwrap();
    let keep = session.principal.session;
    let session = world.sessions.end_others(keep, Some(&token), own, NOON).await.unwrap();
    world.sessions.log_out(ada.id, session.principal.session, &here, NOON).await.unwrap();
    accounts::by_id(world.sessions.db.read(), ada.id).await.unwrap()
}

/// What the operator does, as staff do it.
async fn administered(world: &World, ada: &Account) {
    let (cli, credentials, sessions) = (origin("cli"), world.credentials(), &world.sessions);
    let by = Actor::operator(&cli);
    let (writers, editors) = (role("writers"), role("editors"));
    administration::create_role(sessions, &writers, "", by, NOON).await.unwrap();
    administration::rename_role(sessions, "writers", &editors, "", by, NOON).await.unwrap();
    let change = Change { shown: None, roles: &Roles::of([editors]) };
    administration::set_roles(sessions, ada.id, change, by, NOON).await.unwrap();
    administration::remove_role(sessions, "editors", by, NOON).await.unwrap();
    let bob = Username::parse("bob").unwrap();
    let email = EmailAddress::parse("bob@example.org").unwrap();
    let (roles, when) = (Roles::of([role("auditor")]), (LIFE, NOON));
    let invited = administration::invite(&credentials, (bob, email), roles, by, when).await;
    let (bob, link) = invited.unwrap();
    let new = password("a lantern in the harbour");
    credentials.recover(&link, &new, &cli, NOON).await.unwrap();
    let display_name = Some(DisplayName::parse("Ada L.").unwrap());
    let edit = Edit { display_name, ..Edit::default() };
    administration::edit(sessions, &world.throttle, ada.id, &edit, by, NOON).await.unwrap();
    administration::lift_throttle(sessions, &world.throttle, ada.id, by, NOON).await.unwrap();
    administration::note_export(sessions, "accounts", by, NOON).await.unwrap();
    administration::note_export(sessions, "audit", by, NOON).await.unwrap();
    let apply = async |action, id: AccountId| {
        administration::apply(sessions, action, &[id], by, NOON).await.unwrap();
    };
    apply(BulkAction::Disable, ada.id).await;
    let (name, here) = (LoginName::parse("ada"), origin("web"));
    world.passwords().authenticate(&name, &new, None, &here, NOON).await.unwrap_err();
    apply(BulkAction::Enable, ada.id).await;
    apply(BulkAction::EndSessions, ada.id).await;
    apply(BulkAction::Delete, bob.id).await;
    let ada = accounts::by_id(sessions.db.read(), ada.id).await.unwrap();
    let session = world.start(&ada, NOON).await;
    sessions.end_by_staff(&[session.principal.session], by, NOON).await.unwrap();
    world.revoke(&uuid::Uuid::from_u128(1).to_string()).await;
    let session = world.start(&ada, NOON).await;
    let wiki = crate::guarding::entered(world, &session, by).await;
    let (who, which) = (&session.principal, (session.principal.session, wiki));
    entries::leave(sessions, who, which, &here, NOON).await.unwrap();
    let other = crate::guarding::replaced("wiki", "books.example.org");
    applications::change_applications(sessions, &[other], by, NOON).await.unwrap();
    crate::personal_tokens::misused(world, ada.id, NOON).await;
    let new = crate::personal_tokens::wanted(Expiry::Days(1));
    let made = crate::personal_tokens::made_for(world, ada.id, &new).await;
    personal_tokens::revoke_by_staff(sessions, made.id, by, NOON).await.unwrap();
    let gone = applications::Change::Remove("wiki".to_owned());
    applications::change_applications(sessions, &[gone], by, NOON).await.unwrap();
}

/// Copied tokens, and a backup that is brought back.
async fn alarms(world: &World, ada: &Account) {
    let first = world.start(ada, NOON).await;
    let second = world.refreshed(&first.refresh_token, NOON + Duration::minutes(11)).await;
    let now = NOON + Duration::minutes(12);
    assert!(world.admits(&second, now).await);
    world.over(&first.refresh_token, now + Duration::minutes(2)).await;
    let cli = origin("cli");
    let by = Actor::operator(&cli);
    world.start(ada, NOON).await;
    world.sessions.end_everything(by, NOON).await.unwrap();
    one_time::end_after_restore(&world.sessions, by, NOON).await.unwrap();
}

/// Events that this floor does not reach.
const ELSEWHERE: [&str; 7] = [
    "app.start",
    "app.stop",
    "authz.denied",
    "backup.written",
    "key.revoked",
    "key.rotated",
    "refresh.restored",
];

#[tokio::test]
async fn everything_that_happens_is_data_in_the_log_and_words_on_the_page() {
    let world = World::new().await;
    let ada = lives(&world).await;
    administered(&world, &ada).await;
    let ada = accounts::by_id(world.sessions.db.read(), ada.id).await.unwrap();
    alarms(&world, &ada).await;
    let db = world.sessions.db.read();
    let rows = audit::list(db, &Filter::default(), i64::MAX, 1000).await.unwrap();
    let happened: BTreeSet<&str> = rows.iter().map(|row| row.event.as_str()).collect();
    let known = events::all().map(Event::name);
    let mut missing: Vec<&str> = known.filter(|name| !happened.contains(name)).collect();
    missing.sort_unstable();
    assert_eq!(missing, ELSEWHERE);
    for row in &rows {
        let is_data = row.detail.clone().into_data().is_some();
        assert!(is_data || row.detail == Detail::Text(String::new()), "{row:?}");
        assert!(!words::detail(&row.detail).contains(['{', '"']), "without words: {row:?}");
        assert_ne!(words::event(&row.event), "did something");
    }
    let told = |event: &str| -> Vec<String> {
        let of = |row: &&RecordedEvent| row.event == event;
        rows.iter().rev().filter(of).map(|row| words::detail(&row.detail)).collect()
    };
    assert_eq!(told("auth.login.fail"), ["", "while signed in", "the account is disabled"]);
    assert_eq!(told("role.changed"), ["from no roles to editors"]);
    assert_eq!(told("role.created"), ["writers"]);
    assert_eq!(told("role.renamed"), ["from writers to editors"]);
    assert_eq!(told("role.removed"), ["editors, from 1 accounts"]);
    assert_eq!(told("user.registered"), ["", "auditor"]);
    assert_eq!(told("audit.exported"), ["list of accounts", "audit log"]);
    assert_eq!(told("user.disabled"), ["sessions ended: 0"]);
    assert_eq!(told("session.revoked"), ["", "all others: 0"]);
    assert_eq!(told("refresh.reuse"), ["session was last used from login"]);
}
