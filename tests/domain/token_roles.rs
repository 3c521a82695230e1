//! The roles of personal tokens: none grows into one that was made before.

use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::administration::{self, Change};
use doorward::domain::personal_tokens::{Expiry, Made, Tokens};
use doorward::domain::sessions::Actor;
use time::Duration;

use crate::personal_tokens::{bearer, made_for, roles, set_roles, wanted};
use crate::{NOON, World, origin};

#[tokio::test]
async fn roles_that_are_given_later_never_grow_into_a_token() {
    let world = World::new().await;
    let ada = world.account("ada", roles(&["editors", "writers"])).await;
    let tokens = Tokens::default();
    let all = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let few = wanted(Expiry::Days(30)).with_roles(roles(&["editors"]));
    let few = made_for(&world, ada.id, &few).await;
    let of = async |made: &Made| bearer(&world, &tokens, &made.text).await.subject.roles.clone();
    assert_eq!(of(&all).await, roles(&["editors", "writers"]));
    assert_eq!(of(&few).await, roles(&["editors"]));
    set_roles(&world, &ada, &["writers", "press"]).await;
    assert_eq!(of(&all).await, roles(&["writers"]));
    assert_eq!(of(&few).await, Roles::default());
    let cli = origin("cli");
    let (by, to) = (Actor::operator(&cli), RoleName::parse("authors").unwrap());
    administration::rename_role(&world.sessions, "writers", &to, "", by, NOON).await.unwrap();
    assert_eq!(of(&all).await, roles(&["authors"]), "it is the same role under another name");
}

#[tokio::test]
async fn a_role_that_is_removed_and_made_again_opens_nothing_to_an_older_token() {
    let world = World::new().await;
    let cli = origin("cli");
    let (by, name) = (Actor::operator(&cli), RoleName::parse("writers").unwrap());
    administration::create_role(&world.sessions, &name, "", by, NOON).await.unwrap();
    let ada = world.account("ada", roles(&["editors", "writers"])).await;
    let (tokens, new) = (Tokens::default(), wanted(Expiry::Days(30)));
    let made = made_for(&world, ada.id, &new).await;
    assert_eq!(
        bearer(&world, &tokens, &made.text).await.subject.roles,
        roles(&["editors", "writers"])
    );
    administration::remove_role(&world.sessions, "writers", by, NOON).await.unwrap();
    administration::create_role(&world.sessions, &name, "", by, NOON).await.unwrap();
    set_roles(&world, &ada, &["editors", "writers"]).await;
    assert_eq!(bearer(&world, &tokens, &made.text).await.subject.roles, roles(&["editors"]));
}

#[tokio::test]
async fn a_role_of_staff_that_was_given_again_opens_nothing_to_an_older_token() {
    let world = World::new().await;
    world.account("chief", Roles::admin()).await;
    let ada = world.account("ada", roles(&["admin", "editors"])).await;
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let tokens = Tokens::default();
    assert!(bearer(&world, &tokens, &made.text).await.subject.roles.has("admin"));
    set_roles(&world, &ada, &["editors"]).await;
    let (cli, later) = (origin("cli"), NOON + Duration::minutes(1));
    let again = roles(&["admin", "editors"]);
    let change = Change { shown: None, roles: &again };
    let by = Actor::operator(&cli);
    administration::set_roles(&world.sessions, ada.id, change, by, later).await.unwrap();
    assert_eq!(bearer(&world, &tokens, &made.text).await.subject.roles, roles(&["editors"]));
}
