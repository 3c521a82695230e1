//! User names by which applications know somebody: nobody else is given them.

use doorward::base::error::Error;
use doorward::domain::accounts::names::{EmailAddress, Username};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::refusals::{USERNAME_KEPT, USERNAME_TAKEN};
use doorward::domain::accounts::{self, AccountId, NewAccount};
use doorward::domain::administration::{self, BulkAction, Edit};
use doorward::domain::sessions::Actor;

use crate::{NOON, World, guarding, origin};

/// What becomes of somebody else's wish to be called so: in a new account of their own or of
/// staff, and in an account that is renamed.
async fn given(world: &World, name: &str) -> [Result<(), String>; 3] {
    let (here, cli) = (origin("web"), origin("cli"));
    let by = Actor::operator(&cli);
    let passwords = world.passwords();
    let refused = |error: Error| match error {
        Error::Refused(refusal) => refusal.to_string(),
        other => panic!("{other}"),
    };
    let email = EmailAddress::parse("new@example.org").unwrap();
    let new = NewAccount { email, ..World::new_account(name) };
    let own = accounts::register(passwords, &world.rules, new, &here, NOON).await;
    let mut made = vec![own.as_ref().ok().map(|account| account.id)];
    let email = EmailAddress::parse("new@example.org").unwrap();
    let new = NewAccount { email, ..World::new_account(name) };
    forget(world, &mut made).await;
    let added =
        administration::add_account(&world.credentials(), &new, Roles::default(), by, NOON).await;
    made.push(added.as_ref().ok().map(|account| account.id));
    forget(world, &mut made).await;
    let bob = match accounts::by_login_name(world.sessions.db.read(), &login("bob")).await {
        Ok(bob) => bob,
        Err(_) => world.account("bob", Roles::default()).await,
    };
    let renamed = rename(world, bob.id, name).await;
    if renamed.is_ok() {
        rename(world, bob.id, "bob").await.unwrap();
    }
    [own.map(drop).map_err(refused), added.map(drop).map_err(refused), renamed.map_err(refused)]
}

fn login(name: &str) -> accounts::names::LoginName {
    accounts::names::LoginName::parse(name)
}

async fn forget(world: &World, made: &mut Vec<Option<AccountId>>) {
    for id in made.drain(..).flatten() {
        delete(world, id).await;
    }
}

async fn delete(world: &World, id: AccountId) {
    let cli = origin("cli");
    let by = Actor::operator(&cli);
    administration::apply(&world.sessions, BulkAction::Delete, &[id], by, NOON).await.unwrap();
}

async fn rename(world: &World, id: AccountId, name: &str) -> Result<(), Error> {
    let cli = origin("cli");
    let by = Actor::operator(&cli);
    let edit = Edit { username: Some(Username::parse(name).unwrap()), ..Edit::default() };
    administration::edit(&world.sessions, &world.throttle, id, &edit, by, NOON).await.map(drop)
}

fn refused() -> [Result<(), String>; 3] {
    // Strangers read what they read of any name that is taken.
    [USERNAME_TAKEN, USERNAME_KEPT, USERNAME_KEPT].map(|refusal| Err(refusal.to_string()))
}

#[tokio::test]
async fn a_name_that_entered_an_application_is_not_given_out_again() {
    let world = World::new().await;
    let cli = origin("cli");
    let (ada, session) = world.session("ada").await;
    guarding::entered(&world, &session, Actor::operator(&cli)).await;
    delete(&world, ada.id).await;
    assert_eq!(given(&world, "ada").await, refused());
    assert_eq!(given(&world, "ADA").await, refused(), "however it is written");
    let (eve, _) = world.session("eve").await;
    delete(&world, eve.id).await;
    assert_eq!(given(&world, "eve").await, [Ok(()), Ok(()), Ok(())], "no application knows her");
}

#[tokio::test]
async fn all_names_of_somebody_who_entered_an_application_stay_theirs() {
    let world = World::new().await;
    let cli = origin("cli");
    let (ada, session) = world.session("ada").await;
    rename(&world, ada.id, "ada-before").await.unwrap();
    guarding::entered(&world, &session, Actor::operator(&cli)).await;
    rename(&world, ada.id, "ada-after").await.unwrap();
    assert_eq!(given(&world, "ada").await, [Ok(()), Ok(()), Ok(())]);
    assert_eq!(given(&world, "ada-before").await, refused());
    rename(&world, ada.id, "ada-before").await.unwrap();
    assert_eq!(given(&world, "ada-after").await, refused());
    delete(&world, ada.id).await;
    for name in ["ada-before", "ada-after"] {
        assert_eq!(given(&world, name).await, refused(), "{name}");
    }
}
