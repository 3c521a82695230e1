//! Forms that wait while their sender gives the password again: whose they
//! are, how long they stay, and how many.

use std::collections::BTreeMap;

use doorward::domain::accounts::AccountId;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::administration::{self, BulkAction};
use doorward::domain::one_time::{
    self, HELD_FORM_LIFE, HeldForm, TokenPurpose, forget_held_form, held_form, hold,
};
use doorward::domain::sessions::{Actor, SessionId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, Query};
use time::Duration;
use uuid::Uuid;

use crate::{NOON, World, origin};

const PATH: &str = "/admin/accounts/disable";

fn form(reason: &str) -> HeldForm {
    let fields = BTreeMap::from([("reason".to_owned(), reason.to_owned())]);
    HeldForm { path: PATH.to_owned(), query: "id=1".to_owned(), fields }
}

/// An account and a session of it.
fn by(account: AccountId, session: u128) -> (AccountId, SessionId) {
    (account, SessionId(Uuid::from_u128(session)))
}

async fn rows(world: &World) -> usize {
    let all = Query::select().expr(Expr::val(1)).from("one_time_tokens").to_owned();
    world.sessions.db.read().query_all(&all).await.unwrap().len()
}

#[tokio::test]
async fn a_held_form_is_found_by_its_account_on_its_page_for_fifteen_minutes() {
    let world = World::new().await;
    let [ada, bob] = ["ada", "bob"].map(|name| world.account(name, Roles::default()));
    let (ada, bob, db) = (ada.await.id, bob.await.id, world.sessions.db.write());
    let typed = form("it rained, and \u{0} fell");
    let token = hold(db, by(ada, 1), typed.clone(), NOON).await.unwrap();
    let found = async |token: &str, account, path, now| {
        held_form(db, token, (account, path), now).await.unwrap()
    };
    let last = NOON + HELD_FORM_LIFE - Duration::milliseconds(1);
    for now in [NOON, last] {
        assert_eq!(found(&token, ada, PATH, now).await.as_ref(), Some(&typed), "looking keeps it");
    }
    assert_eq!(found(&token, ada, PATH, NOON + HELD_FORM_LIFE).await, None);
    assert_eq!(found(&token, bob, PATH, NOON).await, None);
    assert_eq!(found(&token, ada, "/admin/accounts/delete", NOON).await, None);
    assert_eq!(found("AAAA", ada, PATH, NOON).await, None);
    let recovery = TokenPurpose::Recovery;
    assert!(one_time::find(db, &token, recovery, NOON).await.unwrap().is_none());
}

#[tokio::test]
async fn of_a_held_form_nothing_is_left_after_it_was_shown_or_its_time_is_over() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await.id;
    let db = world.sessions.db.write();
    let shown = hold(db, by(ada, 1), form("shown"), NOON).await.unwrap();
    let other = hold(db, by(ada, 1), form("other"), NOON).await.unwrap();
    forget_held_form(db, &shown).await.unwrap();
    assert_eq!(held_form(db, &shown, (ada, PATH), NOON).await.unwrap(), None);
    assert!(held_form(db, &other, (ada, PATH), NOON).await.unwrap().is_some());
    assert_eq!(rows(&world).await, 1);
    let tidied_at = NOON + HELD_FORM_LIFE;
    one_time::remove_expired(&world.sessions.db, tidied_at - Duration::seconds(1)).await.unwrap();
    assert_eq!(rows(&world).await, 1);
    one_time::remove_expired(&world.sessions.db, tidied_at).await.unwrap();
    assert_eq!(rows(&world).await, 0);
}

#[tokio::test]
async fn only_the_ten_newest_forms_of_a_session_are_held() {
    let world = World::new().await;
    let [ada, bob] = ["ada", "bob"].map(|name| world.account(name, Roles::default()));
    let (ada, bob, db) = (ada.await, bob.await.id, world.sessions.db.write());
    let others = hold(db, by(bob, 3), form("by bob"), NOON).await.unwrap();
    let here = origin("office");
    let (operator, life) = (Actor::operator(&here), (Duration::hours(1), NOON));
    administration::start_recovery(&world.sessions, ada.id, operator, life).await.unwrap();
    let elsewhere = hold(db, by(ada.id, 2), form("elsewhere"), NOON).await.unwrap();
    let mut tokens = vec![];
    for second in 0..12 {
        let now = NOON + Duration::seconds(second);
        tokens.push(hold(db, by(ada.id, 1), form(&second.to_string()), now).await.unwrap());
    }
    let now = NOON + Duration::seconds(12);
    for (at, token) in tokens.iter().enumerate() {
        let found = held_form(db, token, (ada.id, PATH), now).await.unwrap();
        assert_eq!(found.is_some(), at >= 2, "{at}");
    }
    assert!(held_form(db, &others, (bob, PATH), now).await.unwrap().is_some());
    assert!(held_form(db, &elsewhere, (ada.id, PATH), now).await.unwrap().is_some());
    assert_eq!(rows(&world).await, 13, "ten, two of other sessions, and a link");
    administration::apply(&world.sessions, BulkAction::Delete, &[ada.id], operator, now)
        .await
        .unwrap();
    assert_eq!(rows(&world).await, 1, "they go with their account");
}
