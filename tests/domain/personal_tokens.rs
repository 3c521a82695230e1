//! Personal tokens, without HTTP.

use std::sync::Arc;

use doorward::base::error::Error;
use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts::names::{RoleName, Username};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, Account, AccountId};
use doorward::domain::administration::{self, BulkAction, Change};
use doorward::domain::applications::sightings::TokenFault;
use doorward::domain::audit;
use doorward::domain::personal_tokens::{
    self, Bearer, Digest, Expiry, Made, NewToken, Presented, Reach, State, Tokens, refusals,
};
use doorward::domain::sessions::Actor;
use metrics_exporter_prometheus::PrometheusBuilder;
use sea_orm::{ConnectionTrait, Statement};
use time::Duration;
use uuid::Uuid;

use crate::{NOON, World, origin};

const WIKI: Uuid = Uuid::from_u128(7);

pub(crate) fn wanted(expiry: Expiry) -> NewToken {
    NewToken::parse("Backup script", Reach::These(vec![WIKI]), expiry).unwrap()
}

pub(crate) fn roles(names: &[&str]) -> Roles {
    Roles::of(names.iter().map(|name| RoleName::parse(name).unwrap()))
}

/// A token that somebody signed in makes for themselves.
pub(crate) async fn made(world: &World, by: Actor<'_>, expiry: Expiry) -> Made {
    let new = wanted(expiry);
    let made = personal_tokens::make_own(&world.sessions, &new, 365, by, NOON).await.unwrap();
    made.expect("no other has its id")
}

/// The same of an account that nobody has signed in to, made by the operator.
pub(crate) async fn made_for(world: &World, id: AccountId, new: &NewToken) -> Made {
    let cli = origin("cli");
    let by = Actor::operator(&cli);
    personal_tokens::make_for(&world.sessions, id, (new, 365), by, NOON).await.unwrap()
}

/// The account of a service.
pub(crate) async fn service(world: &World, name: &str) -> Account {
    let cli = origin("cli");
    let (name, by) = (Username::parse(name).unwrap(), Actor::operator(&cli));
    let roles = Roles::default();
    administration::add_service(&world.credentials(), &name, roles, by, NOON).await.unwrap()
}

pub(crate) async fn presented(
    world: &World,
    tokens: &Tokens,
    text: &str,
    now: Timestamp,
) -> Presented {
    let digest = Digest::of(text).expect("a token of ours");
    tokens.present(&world.sessions, digest, now).await.unwrap()
}

pub(crate) async fn bearer(world: &World, tokens: &Tokens, text: &str) -> Arc<Bearer> {
    match presented(world, tokens, text, NOON).await {
        Presented::Good(bearer) => bearer,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn why_not(
    world: &World,
    tokens: &Tokens,
    text: &str,
    now: Timestamp,
) -> TokenFault {
    match presented(world, tokens, text, now).await {
        Presented::Refused(why, _) => why,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn set_roles(world: &World, account: &Account, names: &[&str]) {
    let (cli, roles) = (origin("cli"), roles(names));
    let (by, change) = (Actor::operator(&cli), Change { shown: None, roles: &roles });
    administration::set_roles(&world.sessions, account.id, change, by, NOON).await.unwrap();
}

#[tokio::test]
async fn a_token_is_shown_once_and_found_by_its_digest() {
    let world = World::new().await;
    let (ada, session) = world.session("ada").await;
    let here = origin("web");
    let by = Actor::signed_in(&session.principal, &here, "");
    let made = made(&world, by, Expiry::Days(30)).await;
    let tokens = Tokens::default();
    let found = bearer(&world, &tokens, &made.text).await;
    assert_eq!((found.token.account, found.token.id), (ada.id, made.id));
    assert_eq!(found.fault_at(WIKI, None, true), None);
    let other = Some(TokenFault::OtherApplication);
    assert_eq!(found.fault_at(Uuid::from_u128(8), None, false), other);
    let db = world.sessions.db.read();
    let listed = personal_tokens::of_account(db, ada.id, NOON).await.unwrap().remove(0);
    assert_eq!((listed.hint.as_str(), listed.state), (&made.text[38..], State::Active));
    for table in ["personal_tokens", "audit_events", "revocations"] {
        let query =
            Statement::from_string(db.get_database_backend(), format!("SELECT * FROM {table}"));
        let rows = format!("{:?}", db.query_all_raw(query).await.unwrap());
        assert!(!rows.contains(&made.text[4..38]), "{table}: {rows}");
    }
}

#[tokio::test]
async fn a_token_that_is_held_costs_no_query_until_something_is_revoked() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let tokens = Tokens::default();
    let first = bearer(&world, &tokens, &made.text).await;
    assert!(Arc::ptr_eq(&first, &bearer(&world, &tokens, &made.text).await));
    set_roles(&world, &ada, &["editors"]).await;
    assert!(!Arc::ptr_eq(&first, &bearer(&world, &tokens, &made.text).await));
}

#[tokio::test]
async fn what_no_token_can_be_is_refused() {
    let world = World::new().await;
    let ada = world.account("ada", roles(&["editors"])).await;
    let cli = origin("cli");
    let refused = async |new: NewToken, most: u32| {
        let by = Actor::operator(&cli);
        let done = personal_tokens::make_for(&world.sessions, ada.id, (&new, most), by, NOON).await;
        match done.map(|made| made.id) {
            Err(Error::Refused(why)) => Some(why),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        }
    };
    for (expiry, most, is_refused) in [
        (Expiry::Days(365), 365, false),
        (Expiry::Days(366), 365, true),
        (Expiry::Days(0), 0, true),
        (Expiry::Never, 365, true),
        (Expiry::Never, 0, false),
        (Expiry::Days(36_500), 0, false),
        (Expiry::Days(36_501), 0, true),
        (Expiry::Days(u32::MAX), 0, true),
    ] {
        let why = refused(wanted(expiry), most).await;
        assert_eq!(why.is_some_and(|why| why.is(refusals::EXPIRY)), is_refused, "{expiry:?}");
    }
    let other = wanted(Expiry::Days(1)).with_roles(roles(&["admin"]));
    assert_eq!(refused(other, 365).await, Some(refusals::ROLE));
    let parse = |name: &str, ids: Vec<Uuid>| {
        NewToken::parse(name, Reach::These(ids), Expiry::Days(1)).map(drop)
    };
    assert_eq!(parse(" ", vec![WIKI]), Err(refusals::NAME));
    assert_eq!(parse(&"a".repeat(65), vec![WIKI]), Err(refusals::NAME));
    assert_eq!(parse("a", vec![]), Err(refusals::NO_APPLICATION));
    let within = wanted(Expiry::Days(1)).within(["10.0.0.0/8", "everywhere"]);
    assert_eq!(within, Err(refusals::NETWORK));
}

#[tokio::test]
async fn a_token_is_good_from_its_networks_alone() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let new = wanted(Expiry::Days(30)).within(["10.0.0.0/8", "2001:db8::7"]).unwrap();
    let made = made_for(&world, ada.id, &new).await;
    let found = bearer(&world, &Tokens::default(), &made.text).await;
    for (address, is_good) in
        [("10.1.2.3", true), ("2001:db8::7", true), ("11.1.2.3", false), ("2001:db8::8", false)]
    {
        let fault = found.fault_at(WIKI, address.parse().ok(), false);
        assert_eq!(fault, (!is_good).then_some(TokenFault::OtherNetwork), "{address}");
    }
    assert_eq!(found.fault_at(WIKI, None, false), Some(TokenFault::OtherNetwork));
}

#[tokio::test]
async fn the_last_use_is_written_at_most_every_half_minute() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let tokens = Tokens::default();
    let used = async |seconds, address: &str| {
        let now = NOON + Duration::seconds(seconds);
        tokens.usage.note(made.id, address.parse().ok(), now);
        tokens.usage.write(&world.sessions.db, now).await.unwrap();
        let db = world.sessions.db.read();
        let listed = personal_tokens::of_account(db, ada.id, NOON).await.unwrap().remove(0);
        (listed.last_used_at.unwrap().since(NOON).whole_seconds(), listed.last_used_address)
    };
    assert_eq!(used(1, "10.0.0.1").await, (1, "10.0.0.1".to_owned()));
    assert_eq!(used(30, "10.0.0.2").await, (1, "10.0.0.1".to_owned()));
    assert_eq!(used(31, "10.0.0.3").await, (31, "10.0.0.3".to_owned()));
}

#[tokio::test]
async fn made_up_tokens_wait_in_a_short_queue_and_those_of_accounts_do_not() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let other = World::new().await;
    let bob = other.account("bob", Roles::default()).await;
    let mut made_up = vec![];
    for _ in 0..90 {
        // With a right checksum, and no account here has it.
        made_up.push(made_for(&other, bob.id, &wanted(Expiry::Days(30))).await.text);
    }
    let tokens = Tokens::default();
    bearer(&world, &tokens, &made.text).await;
    set_roles(&world, &ada, &["editors"]).await;
    let asked = made_up.iter().chain([&made.text]);
    let asked = asked.map(|text| presented(&world, &tokens, text, NOON));
    let mut told = rocket::futures::future::join_all(asked).await;
    assert!(matches!(told.pop(), Some(Presented::Good(_))));
    let busy = told.iter().filter(|one| matches!(one, Presented::Busy)).count();
    assert!(busy > 0, "90 at once are more than may wait");
    let unknown = |one: &&Presented| matches!(one, Presented::Refused(TokenFault::Unknown, _));
    assert_eq!(told.iter().filter(unknown).count(), 90 - busy);
}

#[tokio::test]
async fn many_requests_with_one_made_up_token_make_one_query_together() {
    let (world, other) = (World::new().await, World::new().await);
    let bob = other.account("bob", Roles::default()).await;
    let made_up = made_for(&other, bob.id, &wanted(Expiry::Days(30))).await.text;
    let (tokens, recorder) = (Tokens::default(), PrometheusBuilder::new().build_recorder());
    let _recording = metrics::set_default_local_recorder(&recorder);
    let asked = (0..300).map(|_| why_not(&world, &tokens, &made_up, NOON));
    let told = rocket::futures::future::join_all(asked).await;
    assert_eq!(told, [TokenFault::Unknown; 300]);
    let figures = recorder.handle().render();
    assert!(figures.contains("\ndoorward_token_reads_total 1\n"), "{figures}");
}

#[tokio::test]
async fn nobody_else_makes_a_token_for_a_person() {
    let world = World::new().await;
    let chief = world.account("chief", Roles::admin()).await;
    let chief = world.start(&chief, NOON).await;
    let ada = world.account("ada", Roles::default()).await;
    let here = origin("web");
    let by = Actor::signed_in(&chief.principal, &here, "");
    let new = wanted(Expiry::Days(1));
    let done = personal_tokens::make_for(&world.sessions, ada.id, (&new, 365), by, NOON).await;
    let why = done.map(|made| made.id).unwrap_err();
    assert!(matches!(why, Error::Refused(refusals::NOT_A_SERVICE)), "{why}");
}

#[tokio::test]
async fn only_a_token_for_a_single_application_is_taken_as_a_password() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let tokens = Tokens::default();
    for (reach, fault) in [
        (Reach::These(vec![WIKI, WIKI]), None),
        (Reach::These(vec![WIKI, Uuid::from_u128(8)]), Some(TokenFault::NotAPassword)),
        (Reach::All, Some(TokenFault::NotAPassword)),
    ] {
        let new = NewToken::parse("Files", reach, Expiry::Days(30)).unwrap();
        let made = made_for(&world, ada.id, &new).await;
        let found = bearer(&world, &tokens, &made.text).await;
        assert_eq!(found.fault_at(WIKI, None, true), fault);
        assert_eq!(found.fault_at(WIKI, None, false), None);
    }
}

/// A token that is refused, as the log has it.
pub(crate) async fn misused(world: &World, id: AccountId, now: Timestamp) {
    let tokens = Tokens::default();
    let made = made_for(world, id, &wanted(Expiry::Days(30))).await;
    let known = bearer(world, &tokens, &made.text).await.token.clone();
    let (what, here) = ((&*known, TokenFault::OtherApplication), origin("web"));
    for _ in 0..2 {
        let db = &world.sessions.db;
        tokens.misuses.tell(db, what, (WIKI, "wiki"), &here, now).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_told_of_at_most_once_a_minute() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    misused(&world, ada.id, NOON).await;
    let rows = audit::about(world.sessions.db.read(), ada.id.0, i64::MAX, 10).await.unwrap();
    let told: Vec<&str> = rows.iter().map(|row| row.event.as_str()).collect();
    assert_eq!(told, ["personal_token.misused", "personal_token.made"]);
}

#[tokio::test]
async fn the_name_of_an_account_with_a_token_is_given_to_nobody_else() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let (sessions, cli) = (&world.sessions, origin("cli"));
    let by = Actor::operator(&cli);
    administration::apply(sessions, BulkAction::Delete, &[ada.id], by, NOON).await.unwrap();
    let (name, credentials) = (Username::parse("ada").unwrap(), world.credentials());
    let done = administration::add_service(&credentials, &name, Roles::default(), by, NOON).await;
    let why = done.map(drop).unwrap_err();
    assert!(matches!(why, Error::Refused(accounts::refusals::USERNAME_KEPT)), "{why}");
}
