//! Staff let somebody try again: what was counted for that account is forgotten.

use doorward::base::error::Error;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, Account};
use doorward::domain::passwords::policy::Password;

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
