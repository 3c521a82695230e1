use doorward::domain::accounts;
use doorward::domain::accounts::list::{Cursor, Filter, Sort, screen};
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::Roles;

use crate::{NOON, World};

#[tokio::test]
async fn every_account_is_found_once_in_every_order() {
    let world = World::new().await;
    for name in ["ada", "bob", "cyd", "dan", "eve"] {
        world.account(name, Roles::default()).await;
    }
    let db = world.sessions.db.read();
    for sort in [Sort::Name, Sort::Opened] {
        let filter = Filter { sort, ..Filter::default() };
        let (mut from, mut found) = (None, vec![]);
        loop {
            let (rows, next) = screen(db, &filter, from, 2).await.unwrap();
            found.extend(rows.into_iter().map(|account| account.username));
            // As it comes back in an address.
            from = next.map(|next| Cursor::parse(&next.to_string()).unwrap());
            if from.is_none() {
                break;
            }
        }
        found.sort();
        assert_eq!(found, ["ada", "bob", "cyd", "dan", "eve"], "{sort:?}");
    }
}

async fn found(world: &World, filter: Filter) -> Vec<String> {
    let (rows, _) = screen(world.sessions.db.read(), &filter, None, 50).await.unwrap();
    rows.into_iter().map(|account| account.username).collect()
}

#[tokio::test]
async fn a_search_finds_what_begins_so_and_takes_every_character_literally() {
    let world = World::new().await;
    for name in ["ada", "adam", "bob", "a_b"] {
        world.account(name, Roles::default()).await;
    }
    let search = |text: &str| Filter { search: text.to_owned(), ..Filter::default() };
    for (text, names) in [
        ("", &["a_b", "ada", "adam", "bob"][..]),
        ("ad", &["ada", "adam"]),
        (" ADA ", &["ada", "adam"]),
        ("adam@", &["adam"]),
        ("b", &["bob"]),
        ("a_", &["a_b"]),
        ("_", &[]),
        ("%", &[]),
        ("a%", &[]),
        ("'; drop table accounts; --", &[]),
        ("\u{10ffff}", &[]),
        ("\0", &["a_b", "ada", "adam", "bob"]),
    ] {
        assert_eq!(found(&world, search(text)).await, names, "{text:?}");
    }
    assert!(found(&world, search(&"a".repeat(1_000_000))).await.is_empty());
}

#[tokio::test]
async fn a_filter_by_role_and_state_keeps_the_order_and_the_search() {
    let world = World::new().await;
    let editors = || Roles::of([RoleName::parse("editors").unwrap()]);
    for name in ["dora", "carl", "cleo"] {
        world.account(name, editors()).await;
    }
    let off = world.account("cora", editors()).await;
    world.account("cyd", Roles::default()).await;
    accounts::set_disabled(world.sessions.db.write(), off.id, Some(NOON)).await.unwrap();
    let role = Some("editors".to_owned());
    let all = Filter { role: role.clone(), ..Filter::default() };
    assert_eq!(found(&world, all).await, ["carl", "cleo", "cora", "dora"]);
    let active = Filter { role: role.clone(), disabled: Some(false), ..Filter::default() };
    assert_eq!(found(&world, active).await, ["carl", "cleo", "dora"]);
    let search = Filter { role, search: "c".to_owned(), sort: Sort::Opened, ..Filter::default() };
    assert_eq!(found(&world, search).await, ["carl", "cleo", "cora"]);
    let off = Filter { disabled: Some(true), sort: Sort::Opened, ..Filter::default() };
    assert_eq!(found(&world, off).await, ["cora"]);
    let never = Filter { sort: Sort::LastLogin, ..Filter::default() };
    assert!(found(&world, never).await.is_empty(), "nobody has logged in yet");
}

#[test]
fn what_is_no_cursor_is_not_taken_for_one() {
    let long = format!("n~{}", "a".repeat(2000));
    for text in
        ["", "x", "n", "m~1", "m~1~x", "m~x~00000000-0000-4000-8000-000000000000", &long, "n~\0"]
    {
        assert_eq!(Cursor::parse(text), None, "{text:.40}");
    }
}

#[tokio::test]
async fn an_address_from_before_is_found_in_both_spellings_of_its_host() {
    use doorward::domain::accounts::names::LoginName;
    use sea_orm::ConnectionTrait;
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let bob = world.account("bob", Roles::default()).await;
    let eve = world.account("eve", Roles::default()).await;
    let db = &world.sessions.db;
    let is_done = async || {
        let steps = db.migrations().await.unwrap();
        steps.iter().any(|(name, done)| *done && name.ends_with("_hosts_in_a_labels"))
    };
    while is_done().await {
        db.migrate_down().await.unwrap();
    }
    for (name, canonical) in [
        ("ada", "ada@bücher.example"),
        ("bob", "bob@bücher.example"),
        ("eve", "bob@xn--bcher-kva.example"),
    ] {
        let set = format!(
            "UPDATE accounts SET email_canonical = '{canonical}' WHERE username_canonical = '{name}'"
        );
        db.write().execute_unprepared(&set).await.unwrap();
    }
    db.migrate_up().await.unwrap();
    let found = async |login: &str| {
        let login = LoginName::parse(login);
        doorward::domain::accounts::by_login_name(db.read(), &login).await.unwrap().id
    };
    assert_eq!(found("ada@bücher.example").await, ada.id);
    assert_eq!(found("ada@xn--bcher-kva.example").await, ada.id);
    assert_eq!(found("bob@bücher.example").await, eve.id, "whoever had that spelling keeps it");
    assert_eq!(found("bob").await, bob.id);
}
