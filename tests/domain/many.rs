//! Acts on more accounts than one transaction takes.

use doorward::base::error::Error;
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::{ADMIN, Roles};
use doorward::domain::accounts::{self, AccountId};
use doorward::domain::administration::{self, BulkAction, RoleChange, UndoKind, refusals};
use doorward::domain::passwords::hasher::Waiter;
use doorward::domain::sessions::Actor;
use uuid::Uuid;

use crate::{NOON, World, origin};

const MANY: usize = 450;

async fn crowd(world: &World) -> Vec<AccountId> {
    let txn = world.sessions.db.begin().await.unwrap();
    let mut ids = vec![];
    for number in 0..MANY {
        let new = World::new_account(&format!("member-{number:03}"));
        let hash = world.hasher.hash_new(&new.password, world.rules.clone(), Waiter::House);
        let hash = hash.await.unwrap();
        let account = accounts::insert(&txn, &new, hash, Roles::default(), NOON).await.unwrap();
        ids.push(account.id);
    }
    txn.commit().await.unwrap();
    ids
}

#[tokio::test]
async fn each_of_many_is_acted_on_once_and_the_undo_is_of_all() {
    let world = World::new().await;
    let mut ids = crowd(&world).await;
    ids.push(AccountId(Uuid::nil()));
    let chief = world.account("chief", Roles::admin()).await;
    let issued = world.start(&chief, NOON).await;
    let here = origin("web");
    let actor = Actor::signed_in(&issued.principal, &here, "a test");
    let sessions = &world.sessions;
    let done = administration::apply(sessions, BulkAction::Disable, &ids, actor, NOON).await;
    let done = done.unwrap();
    assert_eq!(done.accounts, MANY as u64);
    let events = done.events.unwrap();
    let undone =
        administration::undo(sessions, &world.throttle, UndoKind::Disabled, events, actor, NOON)
            .await;
    assert_eq!(undone.unwrap().accounts, MANY as u64);
    let editors = RoleName::parse("editors").unwrap();
    administration::create_role(sessions, &editors, "", actor, NOON).await.unwrap();
    let change = RoleChange::Add(&editors);
    let done = administration::change_role(sessions, change, &ids, actor, NOON).await.unwrap();
    assert_eq!(done.accounts, MANY as u64);
    let again = administration::change_role(sessions, change, &ids, actor, NOON).await.unwrap();
    assert_eq!((again.accounts, again.events), (0, None));
    let nobody = [AccountId(Uuid::nil())];
    let done = administration::apply(sessions, BulkAction::Delete, &nobody, actor, NOON).await;
    assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
}

#[tokio::test]
async fn whoever_is_among_the_accounts_comes_last() {
    let world = World::new().await;
    let mut ids = crowd(&world).await;
    let (chief, deputy) = (
        world.account("chief", Roles::admin()).await,
        world.account("deputy", Roles::admin()).await,
    );
    ids.insert(7, chief.id);
    ids.push(deputy.id);
    let (issued, here) = (world.start(&chief, NOON).await, origin("web"));
    let other = world.start(&deputy, NOON).await;
    let actor = Actor::signed_in(&issued.principal, &here, "a test");
    let sessions = &world.sessions;
    let done = administration::apply(sessions, BulkAction::EndSessions, &ids, actor, NOON).await;
    assert_eq!(done.unwrap().accounts, MANY as u64 + 2);
    assert!(!world.admits(&other, NOON).await && !world.admits(&issued, NOON).await);
}

#[tokio::test]
async fn what_would_be_refused_in_a_later_part_is_refused_before_the_first() {
    let world = World::new().await;
    let mut ids = crowd(&world).await;
    let chief = world.account("chief", Roles::admin()).await;
    let support = Roles::of([RoleName::parse("support").unwrap()]);
    let helper = world.account("helper", support).await;
    ids.push(chief.id);
    let (of_chief, of_helper) = (world.start(&chief, NOON).await, world.start(&helper, NOON).await);
    let (sessions, here) = (&world.sessions, origin("web"));
    let admin = RoleName::parse(ADMIN).unwrap();
    let chief = Actor::signed_in(&of_chief.principal, &here, "a test");
    let helper = Actor::signed_in(&of_helper.principal, &here, "a test");
    let apply = async |deed, actor| {
        administration::apply(sessions, deed, &ids, actor, NOON).await.map(drop).unwrap_err()
    };
    for (why, expected) in [
        (apply(BulkAction::Delete, chief).await, refusals::LAST_ADMIN),
        (apply(BulkAction::Disable, chief).await, refusals::LAST_ADMIN),
        (apply(BulkAction::Disable, helper).await, refusals::TARGET_OUTRANKS_ACTOR),
        (
            administration::change_role(sessions, RoleChange::Remove(&admin), &ids, chief, NOON)
                .await
                .map(drop)
                .unwrap_err(),
            refusals::LAST_ADMIN,
        ),
    ] {
        assert!(matches!(why, Error::Refused(why) if why == expected), "{why:?}");
    }
    let all = accounts::count(sessions.db.read()).await.unwrap();
    assert_eq!(all, MANY as u64 + 2);
    for id in &ids {
        let account = accounts::by_id(sessions.db.read(), *id).await.unwrap();
        assert!(account.disabled_at.is_none(), "nothing half done");
    }
}
