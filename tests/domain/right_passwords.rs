//! Right passwords are limited, too. Once the limit is reached, a browser that
//! is known and a session are told so before anything is hashed; a stranger is
//! not told that the account is signed in to so often.

use doorward::base::error::Error;
use doorward::domain::accounts::names::LoginName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::refusals::WRONG_CREDENTIALS;
use doorward::domain::accounts::{self, Passwords};
use doorward::domain::passwords::hasher::{Cost, Hasher};
use doorward::domain::passwords::policy::Password;
use doorward::domain::throttle::known_browser::Known;
use doorward::domain::throttle::refusals::TOO_MANY_ATTEMPTS;
use doorward::domain::throttle::{Limits, Throttle};

use crate::{LIMITS, NOON, PASSWORD, World, origin};

const FEW: Limits = Limits { name: 1, ..LIMITS };

#[tokio::test]
async fn who_is_known_is_told_of_the_limit_before_the_password_is_looked_at() {
    let mut world = World::new().await;
    world.throttle = Throttle::new(world.sessions.db.clone(), world.keys.clone(), FEW);
    let (ada, session) = world.session("ada").await;
    let known = Known { account: ada.id.0, since: NOON, nonce: String::new() };
    let (login, here) = (LoginName::parse("ada"), origin("web"));
    let (good, wrong) = (Password::parse(PASSWORD).unwrap(), Password::parse("a slip").unwrap());
    let sign_in = async |password, known| {
        world.passwords().authenticate(&login, password, known, &here, NOON).await.map(drop)
    };
    let confirm = async |password| {
        let begun = session.principal.auth.at;
        world.passwords().confirm((&ada, begun), password, &here, NOON).await
    };
    for _ in 0..3 {
        sign_in(&good, Some(&known)).await.unwrap();
        confirm(&good).await.unwrap();
    }
    for told in [sign_in(&wrong, Some(&known)).await, confirm(&wrong).await] {
        let Err(Error::Refused(why)) = told else { panic!("{told:?}") };
        assert!(why.is(TOO_MANY_ATTEMPTS), "{why}");
    }
    let stranger = sign_in(&wrong, None).await;
    assert!(matches!(stranger, Err(Error::Refused(WRONG_CREDENTIALS))), "{stranger:?}");
}

#[tokio::test]
async fn a_hash_is_replaced_at_a_sign_in_where_a_higher_cost_is_set_and_only_there() {
    let world = World::new().await;
    world.account("ada", Roles::default()).await;
    let stronger = Hasher::start(Cost { memory_kib: 64, passes: 2 }, world.keys.clone()).unwrap();
    let (login, password) = (LoginName::parse("ada"), Password::parse(PASSWORD).unwrap());
    let (here, db) = (origin("web"), world.sessions.db.read());
    let account = async || accounts::by_login_name(db, &login).await.unwrap();
    let sign_in = async |passwords: Passwords<'_>| {
        passwords.authenticate(&login, &password, None, &here, NOON).await.map(drop).unwrap();
    };
    let first = account().await;
    sign_in(world.passwords()).await;
    assert!(first.has_password_of(&account().await), "the same cost");
    let passwords = Passwords { hasher: &stronger, ..world.passwords() };
    sign_in(passwords).await;
    let second = account().await;
    assert!(!first.has_password_of(&second), "a higher cost");
    sign_in(passwords).await;
    assert!(second.has_password_of(&account().await), "the same cost again");
}
