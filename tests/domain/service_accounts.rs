//! Accounts of services, which never sign in.

use doorward::base::error::Error;
use doorward::domain::accounts::names::LoginName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, AccountId};
use doorward::domain::administration::{self, Change};
use doorward::domain::login::Verified;
use doorward::domain::passwords::hasher::Waiter;
use doorward::domain::passwords::policy::Password;
use doorward::domain::personal_tokens::{Expiry, Tokens};
use doorward::domain::sessions::Actor;
use sea_orm::ConnectionTrait;
use time::Duration;

use crate::personal_tokens::{bearer, made_for, service, wanted};
use crate::{BROWSER, NOON, PASSWORD, World, origin};

#[tokio::test]
async fn a_service_has_tokens_and_never_signs_in() {
    let world = World::new().await;
    let (sessions, cli) = (&world.sessions, origin("cli"));
    let by = Actor::operator(&cli);
    let person = world.account("ada", Roles::default()).await;
    let of_person = one_time_link(&world, person.id).await.unwrap();
    let service = service(&world, "backups").await;
    assert_eq!(service.email, "backups@service.invalid");
    let made = made_for(&world, service.id, &wanted(Expiry::Days(30))).await;
    assert!(made.text.starts_with("dws_"), "{}", made.text);
    assert_eq!(bearer(&world, &Tokens::default(), &made.text).await.token.account, service.id);
    // Whatever its password: nobody was told one.
    let password = Password::parse(PASSWORD).unwrap();
    let hash = world.hasher.hash_new(&password, world.rules.clone(), Waiter::House).await.unwrap();
    accounts::set_password_hash(sessions.db.write(), service.id, hash, NOON).await.unwrap();
    let service = accounts::by_id(sessions.db.read(), service.id).await.unwrap();
    for name in ["backups", "backups@service.invalid"] {
        let login = LoginName::parse(name);
        let done = world.passwords().authenticate(&login, &password, None, &cli, NOON).await;
        let why = done.map(drop).unwrap_err();
        assert!(matches!(why, Error::Refused(accounts::refusals::WRONG_CREDENTIALS)), "{why}");
    }
    let verified = Verified::by_password(service.clone(), NOON);
    let done = sessions.start(&verified, BROWSER, &cli, NOON).await.map(drop);
    assert!(matches!(done, Err(Error::Refused(_))), "{done:?}");
    let not_for = |done: Result<(), Error>| {
        let refused = accounts::refusals::NOT_FOR_SERVICES;
        assert!(matches!(&done, Err(Error::Refused(why)) if *why == refused), "{done:?}");
    };
    not_for(one_time_link(&world, service.id).await.map(drop));
    not_for(world.credentials().set_password(&service, &password, &cli, NOON).await);
    let admin = Roles::admin();
    let change = Change { shown: None, roles: &admin };
    not_for(administration::set_roles(sessions, service.id, change, by, NOON).await.map(drop));
    // A link that was made before, for a person, as if the account had become a service's.
    let query = "UPDATE accounts SET kind = 'service' WHERE username = 'ada'";
    sessions.db.write().execute_unprepared(query).await.unwrap();
    let done = world.credentials().recover(&of_person, &password, &cli, NOON).await;
    assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
}

async fn one_time_link(world: &World, id: AccountId) -> Result<String, Error> {
    let (cli, life) = (origin("cli"), (Duration::hours(1), NOON));
    administration::start_recovery(&world.sessions, id, Actor::operator(&cli), life).await
}
