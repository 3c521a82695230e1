//! The list of accounts: every account once, in every order, forwards and
//! backwards, and what a search finds; and how many there are of something.

use doorward::base::store::Count;
use doorward::domain::accounts;
use doorward::domain::accounts::list::{Cursor, Filter, List, Page, Sort, State};
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::passwords::hasher::Waiter;
use doorward::domain::sessions;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{NOON, World, origin};

async fn turn(world: &World, filter: &Filter, from: Option<Cursor>) -> Page {
    // As it comes back in an address.
    let from = from.map(|from| Cursor::parse(&from.to_string()).unwrap());
    let db = world.sessions.db.read();
    List::of(db, filter).await.unwrap().page(db, from.as_ref(), 2).await.unwrap()
}

fn names(page: &Page) -> Vec<String> {
    page.accounts.iter().map(|account| account.username.clone()).collect()
}

#[tokio::test]
async fn every_account_is_found_once_in_every_order_and_backwards_in_the_same() {
    let world = World::new().await;
    for name in ["ada", "bob", "cyd", "dan", "eve"] {
        let id = world.account(name, Roles::default()).await.id;
        let (db, from) = (world.sessions.db.write(), origin("web"));
        accounts::note_login(db, id, &from, NOON).await.unwrap();
    }
    for (search, sort) in
        [("", Sort::Name), ("", Sort::Created), ("", Sort::LastLogin), ("example", Sort::Name)]
    {
        let filter = Filter { sort, search: search.to_owned(), ..Filter::default() };
        let (mut from, mut forwards, mut firsts) = (None, vec![], vec![]);
        let last = loop {
            let page = turn(&world, &filter, from).await;
            forwards.push(names(&page));
            firsts.push(page.first);
            from = page.next.clone();
            if from.is_none() {
                break page;
            }
        };
        let mut sorted = forwards.concat();
        sorted.sort();
        assert_eq!(sorted, ["ada", "bob", "cyd", "dan", "eve"], "{sort:?}");
        assert_eq!(firsts, [1, 3, 5], "{sort:?}");
        let (mut backwards, mut before) = (vec![names(&last)], last.previous);
        while let Some(from) = before {
            let page = turn(&world, &filter, Some(from)).await;
            assert_eq!(page.first, firsts[firsts.len() - 1 - backwards.len()], "{sort:?}");
            assert!(page.next.is_some(), "{sort:?}");
            backwards.push(names(&page));
            before = page.previous;
        }
        backwards.reverse();
        assert_eq!(backwards, forwards, "{sort:?}");
    }
}

#[tokio::test]
async fn a_previous_page_that_is_no_longer_full_is_the_first_page() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    for name in ["bob", "cyd", "dan"] {
        world.account(name, Roles::default()).await;
    }
    let filter = Filter::default();
    let second = turn(&world, &filter, turn(&world, &filter, None).await.next).await;
    accounts::delete(world.sessions.db.write(), ada.id).await.unwrap();
    let first = turn(&world, &filter, second.previous).await;
    assert_eq!((names(&first).join(" "), first.first), ("bob cyd".to_owned(), 1));
    assert_eq!(first.previous, None);
}

#[tokio::test]
async fn a_place_in_another_order_leads_to_the_first_page() {
    let world = World::new().await;
    for name in ["ada", "bob", "cyd"] {
        world.account(name, Roles::default()).await;
    }
    let by_name = turn(&world, &Filter::default(), None).await.next;
    let newest = Filter { sort: Sort::Created, ..Filter::default() };
    let page = turn(&world, &newest, by_name).await;
    assert_eq!((page.first, page.accounts.len()), (1, 2));
}

#[tokio::test]
async fn accounts_are_counted_until_there_are_many() {
    let world = World::new().await;
    for name in ["ada", "bob", "cyd"] {
        world.account(name, Roles::default()).await;
    }
    let db = world.sessions.db.read();
    assert_eq!(count(db, &search("q"), 3).await, Count::Exactly(0));
    for filter in [Filter::default(), search("example.org")] {
        let list = List::of(db, &filter).await.unwrap();
        assert_eq!(count(db, &filter, 3).await, Count::Exactly(3));
        assert_eq!(count(db, &filter, 2).await, Count::MoreThan(2));
        assert_eq!(list.ids(db, 10).await.unwrap().len(), 3);
        assert_eq!(list.ids(db, 2).await.unwrap().len(), 2);
    }
}

async fn count(db: &impl ConnectionTrait, filter: &Filter, most: u64) -> Count {
    List::of(db, filter).await.unwrap().count(db, most).await.unwrap()
}

async fn found(world: &World, filter: Filter) -> Vec<String> {
    let db = world.sessions.db.read();
    names(&List::of(db, &filter).await.unwrap().page(db, None, 50).await.unwrap())
}

fn search(text: &str) -> Filter {
    Filter { search: text.to_owned(), ..Filter::default() }
}

#[tokio::test]
async fn a_search_finds_every_part_of_a_name_and_takes_every_character_literally() {
    let world = World::new().await;
    let all = ["a_b", "ada", "adam", "anna.meyer", "bob", "max.meyer"];
    for name in all {
        world.account(name, Roles::default()).await;
    }
    for (text, names) in [
        ("ad", &["ada", "adam"][..]),
        (" ADA ", &["ada", "adam"]),
        ("adam@", &["adam"]),
        ("meyer", &["anna.meyer", "max.meyer"]),
        ("eye", &["anna.meyer", "max.meyer"]),
        ("meyer anna", &["anna.meyer"]),
        ("meyer m", &["anna.meyer", "max.meyer"]),
        ("max m", &["max.meyer"]),
        ("ma meyer", &["max.meyer"]),
        ("ann@", &[]),
        ("r@example", &["anna.meyer", "max.meyer"]),
        ("b", &["a_b", "bob"]),
        ("a_", &["a_b"]),
        ("me", &["anna.meyer", "max.meyer"]),
        ("m", &["anna.meyer", "max.meyer"]),
        ("x", &[]),
        ("_b", &[]),
        ("_", &[]),
        ("%", &[]),
        ("a%", &[]),
        ("%da", &[]),
        ("a%a", &[]),
        ("\"ada\"", &[]),
        ("ada OR bob", &[]),
        ("ada*", &[]),
        ("\\da", &[]),
        ("\"\"\"", &[]),
        ("'; drop table accounts; --", &[]),
        ("\u{10ffff}", &[]),
        ("\0", &all),
    ] {
        assert_eq!(found(&world, search(text)).await, names, "{text:?}");
    }
    assert!(found(&world, search(&"a".repeat(1_000_000))).await.is_empty());
}

#[tokio::test]
async fn accents_and_capitals_hide_no_address() {
    let world = World::new().await;
    let mut new = World::new_account("ada");
    new.email = accounts::names::EmailAddress::parse("José@Bücher.example").unwrap();
    let hash = world.hasher.hash_new(&new.password, world.rules.clone(), Waiter::House);
    let hash = hash.await.unwrap();
    accounts::insert(world.sessions.db.write(), &new, hash, Roles::default(), NOON).await.unwrap();
    for text in ["José", "jose@", "BÜCHER", "bucher.ex", "xn--bcher-kva"] {
        assert_eq!(found(&world, search(text)).await, ["ada"], "{text}");
    }
}

#[tokio::test]
async fn a_deleted_account_is_found_no_more_and_leaves_no_text_to_search() {
    let world = World::new().await;
    let ada = world.account("ada.lovelace", Roles::default()).await;
    assert_eq!(found(&world, search("lovelace")).await, ["ada.lovelace"]);
    let db = &world.sessions.db;
    accounts::delete(db.write(), ada.id).await.unwrap();
    assert!(found(&world, search("lovelace")).await.is_empty());
    let rows = Statement::from_string(
        db.read().get_database_backend(),
        "SELECT text FROM account_search WHERE text LIKE '%lovelace%'",
    );
    assert!(db.read().query_all_raw(rows).await.unwrap().is_empty());
}

/// More accounts than are found first and then sorted, whatever else is asked for.
const MANY: u64 = 20_000;

/// So many accounts, called member-00000 and so on, every second one an editor:
/// written by the database, since a password each would take minutes.
pub async fn crowd(world: &World) {
    let ada = world.account("template", Roles::default()).await;
    let db = world.sessions.db.write();
    let is_sqlite = db.get_database_backend() == DbBackend::Sqlite;
    let id = if is_sqlite { "randomblob(16)" } else { "gen_random_uuid()" };
    let digit = (0..10).map(|digit| format!("SELECT '{digit}' AS d")).collect::<Vec<_>>();
    let digit = format!("({})", digit.join(" UNION ALL "));
    let name = "'member-' || a.d || b.d || c.d || d.d || e.d";
    let others = "password_hash, password_changed_at, created_at, epoch, last_login_address, last_login_user_agent, failed_logins, browsers_since";
    for statement in [
        format!(
            "INSERT INTO accounts (id, username, username_canonical, email, email_canonical, {others}) SELECT {id}, {name}, {name}, {name} || '@example.org', {name} || '@example.org', {others} FROM accounts, {digit} a, {digit} b, {digit} c, {digit} d, {digit} e WHERE username = 'template' AND a.d < '2'"
        ),
        "INSERT INTO account_search (account_id, text) SELECT id, '\n' || username_canonical || '\n' || email_canonical FROM accounts WHERE username <> 'template' ORDER BY username_canonical".to_owned(),
        "INSERT INTO account_roles (account_id, role, username_canonical) SELECT id, 'editors', username_canonical FROM accounts WHERE username LIKE '%1' OR username LIKE '%3' OR username LIKE '%5' OR username LIKE '%7' OR username LIKE '%9'".to_owned(),
    ] {
        db.execute_unprepared(&statement).await.unwrap();
    }
    accounts::delete(db, ada.id).await.unwrap();
}

#[tokio::test]
async fn many_are_found_newest_first_and_page_by_page() {
    let world = World::new().await;
    crowd(&world).await;
    let db = world.sessions.db.read();
    let all = search("example.org");
    assert_eq!(count(db, &all, 10_000).await, Count::MoreThan(10_000));
    assert_eq!(count(db, &all, 30_000).await, Count::Exactly(MANY));
    // Of many, the newest first.
    let first = turn(&world, &all, None).await;
    assert_eq!(names(&first), ["member-19999", "member-19998"]);
    let second = turn(&world, &all, first.next).await;
    assert_eq!((names(&second).join(" "), second.first), ("member-19997 member-19996".into(), 3));
    let again = turn(&world, &all, second.previous).await;
    assert_eq!((names(&again).join(" "), again.first), ("member-19999 member-19998".into(), 1));
    let active = Filter { state: Some(State::Active), ..all.clone() };
    assert_eq!(count(db, &active, 30_000).await, Count::Exactly(MANY));
    assert_eq!(names(&turn(&world, &active, None).await), ["member-19999", "member-19998"]);
    assert_eq!(found(&world, search("example.org 19099")).await, ["member-19099"]);
    let odd = Filter { role: Some("editors".to_owned()), ..all };
    assert_eq!(count(db, &odd, 30_000).await, Count::Exactly(MANY / 2));
    assert_eq!(names(&turn(&world, &odd, None).await), ["member-00001", "member-00003"]);
    // Few enough to be sorted.
    let few = search("member-010");
    assert_eq!(count(db, &few, 10_000).await, Count::Exactly(100));
    assert_eq!(names(&turn(&world, &few, None).await), ["member-01000", "member-01001"]);
    let of_both = Filter { role: Some("editors".to_owned()), ..few };
    assert_eq!(count(db, &of_both, 10_000).await, Count::Exactly(50));
    assert_eq!(names(&turn(&world, &of_both, None).await), ["member-01001", "member-01003"]);
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
    let state = Some(State::Active);
    let active = Filter { role: role.clone(), state, ..Filter::default() };
    assert_eq!(found(&world, active).await, ["carl", "cleo", "dora"]);
    for (text, names) in [("c", &["carl", "cleo", "cora"][..]), ("ora", &["cora", "dora"])] {
        let sort = Sort::Created;
        let filter = Filter { role: role.clone(), sort, ..search(text) };
        assert_eq!(found(&world, filter).await, names, "{text}");
    }
    let off = Filter { state: Some(State::Disabled), sort: Sort::Created, ..Filter::default() };
    assert_eq!(found(&world, off).await, ["cora"]);
    let never = Filter { sort: Sort::LastLogin, ..Filter::default() };
    assert!(found(&world, never).await.is_empty(), "nobody has logged in yet");
}

#[test]
fn what_is_no_cursor_is_not_taken_for_one() {
    let long = format!("n~1~{}", "a".repeat(2000));
    for text in [
        "",
        "x",
        "n",
        "n~ada",
        "n~0~ada",
        "n~-1~ada",
        "n~18446744073709551615~ada",
        "x~1~ada",
        "m~1~1",
        "m~1~1~x",
        "m~1~x~00000000-0000-4000-8000-000000000000",
        &long,
        "n~1~\0",
    ] {
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

#[tokio::test]
async fn active_sessions_are_counted_up_to_a_limit() {
    let world = World::new().await;
    let (ada, _) = world.session("ada").await;
    world.start(&ada, NOON).await;
    let db = world.sessions.db.read();
    for (most, counted) in [(1, Count::MoreThan(1)), (2, Count::Exactly(2)), (3, Count::Exactly(2))]
    {
        assert_eq!(sessions::count_live_up_to(db, NOON, most).await.unwrap(), counted, "{most}");
    }
}

#[tokio::test]
async fn old_rows_are_found_by_short_words_too() {
    let world = World::new().await;
    let ada = world.account("ada.byron", Roles::default()).await;
    let db = &world.sessions.db;
    let text = async || {
        let query = "SELECT text FROM account_search";
        let query = Statement::from_string(db.read().get_database_backend(), query);
        let row = db.read().query_one_raw(query).await.unwrap().unwrap();
        row.try_get::<String>("", "text").unwrap()
    };
    let written = text().await;
    while text().await.contains('\u{1}') {
        db.migrate_down().await.unwrap();
    }
    assert_eq!(text().await, "\nada.byron\nada.byron@example.org");
    db.migrate_up().await.unwrap();
    assert_eq!(text().await, written);
    for words in ["by", "b ada", "byr"] {
        assert_eq!(found(&world, search(words)).await, ["ada.byron"], "{words}");
    }
    accounts::delete(db.write(), ada.id).await.unwrap();
    assert!(found(&world, search("by")).await.is_empty());
}
