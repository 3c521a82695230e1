//! Staff let somebody try again: what was counted for that account is forgotten.

use doorward::base::error::Error;
use doorward::domain::accounts::names::Username;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, Account};
use doorward::domain::administration::{self, Edit};
use doorward::domain::passwords::policy::Password;
use doorward::domain::sessions::Actor;

use crate::throttle::{Came, guess, right};
use crate::{NOON, World, origin};

#[tokio::test]
async fn staff_lift_what_was_counted_against_a_name() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await.id.0;
    for number in 0..25 {
        guess(&world, "ada", &format!("192.0.2.{number}"), NOON).await;
    }
    assert_ne!(right(&world, "198.51.100.1", NOON).await, Came::In);
    assert!(world.throttle.lift(ada, &["ada"]).await.unwrap());
    assert!(!world.throttle.lift(ada, &["ada"]).await.unwrap());
    assert_eq!(right(&world, "198.51.100.1", NOON).await, Came::In);
}

#[tokio::test]
async fn a_lock_is_one_of_the_names_that_were_tried() {
    let world = World::new().await;
    let (sessions, id) = (&world.sessions, world.account("ada", Roles::default()).await.id);
    let here = origin("cli");
    let is_locked = async || {
        let all = accounts::all_of(sessions.db.read(), &[id]).await.unwrap();
        all[0].locked_at(NOON).is_some()
    };
    let renamed = async |name: &str| {
        let edit = Edit { username: Some(Username::parse(name).unwrap()), ..Edit::default() };
        let by = Actor::operator(&here);
        administration::edit(sessions, &world.throttle, id, &edit, by, NOON).await.unwrap();
    };
    let guessed = async |name: &str| {
        for number in 0..25 {
            guess(&world, name, &format!("192.0.2.{number}"), NOON).await;
        }
    };
    guessed("ada").await;
    assert!(is_locked().await);
    renamed("countess").await;
    assert!(!is_locked().await, "nobody has tried that name");
    renamed("ada").await;
    assert!(is_locked().await);
    guessed("ada@example.org").await;
    renamed("countess").await;
    assert!(is_locked().await, "by the address, which has stayed");
}

#[tokio::test]
async fn what_is_lifted_for_one_account_stays_for_another() {
    let world = World::new().await;
    let (ada, ada_session) = world.session("ada").await;
    let (bob, bob_session) = world.session("bob").await;
    let (wrong, here) = (Password::parse("a guess").unwrap(), origin("web"));
    let may_try = async |account: &Account, begun| {
        let tried = world.passwords().confirm((account, begun), &wrong, &here, NOON).await;
        matches!(tried, Err(Error::Refused(accounts::refusals::WRONG_PASSWORD)))
    };
    for (account, session) in [(&ada, &ada_session), (&bob, &bob_session)] {
        while may_try(account, session.principal.auth.at).await {}
    }
    assert!(world.throttle.lift(ada.id.0, &["ada"]).await.unwrap());
    assert!(may_try(&ada, ada_session.principal.auth.at).await);
    assert!(!may_try(&bob, bob_session.principal.auth.at).await);
}
