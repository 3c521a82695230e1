//! Acts on more accounts than one transaction takes.

use doorward::base::error::Error;
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::{ADMIN, Roles};
use doorward::domain::accounts::{self, AccountId};
use doorward::domain::administration::{self, BulkAction, RoleChange, UndoKind, Undone, refusals};
use doorward::domain::passwords::hasher::Waiter;
use doorward::domain::sessions::Actor;
use sea_orm::{ConnectionTrait, DbBackend};
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

/// Makes a change of that account fail: one to `disabled` or to the other state.
async fn fails(world: &World, id: AccountId, disabled: bool) {
    let db = world.sessions.db.write();
    let (is, other) =
        if disabled { ("IS NOT NULL", "IS NULL") } else { ("IS NULL", "IS NOT NULL") };
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => format!(
            "ALTER TABLE accounts ADD CONSTRAINT fails CHECK (id <> '{id}' OR disabled_at {other})"
        ),
        _ => format!(
            "CREATE TRIGGER fails BEFORE UPDATE ON accounts
             WHEN hex(new.id) = '{}' AND new.disabled_at {is}
             BEGIN SELECT RAISE(ABORT, 'it fails'); END",
            id.0.simple().to_string().to_uppercase()
        ),
    };
    db.execute_unprepared(&sql).await.unwrap();
}

#[tokio::test]
async fn an_act_that_fails_in_a_later_part_tells_how_many_it_was_done_to() {
    let world = World::new().await;
    let ids = crowd(&world).await;
    let chief = world.account("chief", Roles::admin()).await;
    let (issued, here) = (world.start(&chief, NOON).await, origin("web"));
    let actor = Actor::signed_in(&issued.principal, &here, "a test");
    let sessions = &world.sessions;
    fails(&world, ids[300], true).await;
    let done = administration::apply(sessions, BulkAction::Disable, &ids, actor, NOON).await;
    let done = done.unwrap();
    assert_eq!((done.accounts, done.unreached), (200, 250));
    // What was done can be taken back.
    let undo = administration::undo;
    let (throttle, kind, events) = (&world.throttle, UndoKind::Disabled, done.events.unwrap());
    let undone = undo(sessions, throttle, kind, events, actor, NOON).await.unwrap();
    assert_eq!(undone, Undone { accounts: 200, ..Undone::default() });
    let first =
        administration::apply(sessions, BulkAction::Disable, &ids[300..], actor, NOON).await;
    assert!(matches!(first, Err(Error::Database(_))), "nothing was done: {first:?}");
}

#[tokio::test]
async fn an_undo_that_fails_in_a_later_part_tells_how_many_it_was_done_to() {
    let world = World::new().await;
    let ids = crowd(&world).await;
    let chief = world.account("chief", Roles::admin()).await;
    let (issued, here) = (world.start(&chief, NOON).await, origin("web"));
    let actor = Actor::signed_in(&issued.principal, &here, "a test");
    let sessions = &world.sessions;
    let done = administration::apply(sessions, BulkAction::Disable, &ids, actor, NOON).await;
    let events = done.unwrap().events.unwrap();
    let other = administration::apply(sessions, BulkAction::Enable, &ids[..3], actor, NOON).await;
    assert_eq!(other.unwrap().accounts, 3);
    fails(&world, ids[300], false).await;
    let (throttle, kind) = (&world.throttle, UndoKind::Disabled);
    let undone = administration::undo(sessions, throttle, kind, events, actor, NOON).await.unwrap();
    assert_eq!(undone, Undone { accounts: 197, left: 3, unreached: 250 });
}

#[tokio::test]
async fn a_role_that_does_not_fit_one_of_many_is_given_to_none() {
    let world = World::new().await;
    let mut ids = crowd(&world).await;
    let role =
        |number: usize| RoleName::parse(&format!("a-role-with-a-long-name-{number}")).unwrap();
    let most = (1..).find(|most| !Roles::of((0..*most).map(role)).fit_a_token()).unwrap();
    let full = world.account("full", Roles::of((1..most).map(role))).await;
    ids.push(full.id);
    let chief = world.account("chief", Roles::admin()).await;
    let (issued, here) = (world.start(&chief, NOON).await, origin("web"));
    let actor = Actor::signed_in(&issued.principal, &here, "a test");
    let (sessions, another) = (&world.sessions, role(0));
    administration::create_role(sessions, &another, "", actor, NOON).await.unwrap();
    let change = RoleChange::Add(&another);
    let why = administration::change_role(sessions, change, &ids, actor, NOON).await.unwrap_err();
    assert!(
        matches!(why, Error::Refused(why) if why == accounts::refusals::TOO_MANY_ROLES),
        "{why:?}"
    );
    let all = accounts::all_of(sessions.db.read(), &ids[..MANY]).await.unwrap();
    assert!(all.iter().all(|account| account.roles == Roles::default()), "nothing half done");
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
